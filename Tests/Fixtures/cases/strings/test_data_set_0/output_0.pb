2a2ü2
with spaceBy