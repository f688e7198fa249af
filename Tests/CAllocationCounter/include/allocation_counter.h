#pragma once

/// Blocks of memory that the calling thread has taken from the heap since it began; -1 where this build cannot count them.
long allocation_counter_count(void);
