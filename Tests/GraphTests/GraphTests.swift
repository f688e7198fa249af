// GraphTests
