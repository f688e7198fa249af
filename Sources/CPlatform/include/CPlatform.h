/// Linux calls that Swift's Glibc module does not import: variadic system calls and macros.
#pragma once

#include <stdint.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Sleeps while the word holds `expected`; may return early.
static inline void platform_wait(const uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, (void *)0, (void *)0, 0);
}

/// Wakes up to `count` of those that sleep on the word.
static inline void platform_wake(const uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, (void *)0, (void *)0, 0);
}

/// Processors that this thread may run on.
static inline int platform_processor_count(void) {
  unsigned long set[128] = {0};
  if (syscall(SYS_sched_getaffinity, 0, sizeof(set), set) <= 0) return 1;
  int count = 0;
  for (unsigned i = 0; i < sizeof(set) / sizeof(set[0]); i++) count += __builtin_popcountl(set[i]);
  return count;
}
#elif defined(__APPLE__)
#include <os/os_sync_wait_on_address.h>
#include <unistd.h>

static inline void platform_wait(const uint32_t *word, uint32_t expected) {
  os_sync_wait_on_address((void *)word, expected, 4, OS_SYNC_WAIT_ON_ADDRESS_NONE);
}

static inline void platform_wake(const uint32_t *word, int count) {
  if (count == 1) os_sync_wake_by_address_any((void *)word, 4, OS_SYNC_WAKE_BY_ADDRESS_NONE);
  else os_sync_wake_by_address_all((void *)word, 4, OS_SYNC_WAKE_BY_ADDRESS_NONE);
}

static inline int platform_processor_count(void) { return (int)sysconf(_SC_NPROCESSORS_ONLN); }
#endif

/// Tells the processor that this is a loop that waits.
static inline void platform_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
