// ZooTests
