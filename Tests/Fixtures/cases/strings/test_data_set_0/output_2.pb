2
with space2aBs