BunusedJD;/?äª6¿¬
?