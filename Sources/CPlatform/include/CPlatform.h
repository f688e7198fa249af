/// What Swift cannot say itself: Linux calls that its Glibc module does not import, variadic system calls and macros, and a
/// closure lent to other threads.
#pragma once

#include <stdint.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/resource.h>
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

/// Words of a set of processors: one bit for each.
#define PLATFORM_PROCESSOR_WORDS 128

/// Writes the set of processors that this thread may run on and returns how many they are; 0 if the system does not say.
static inline int platform_processors(uint64_t set[PLATFORM_PROCESSOR_WORDS]) {
  for (int i = 0; i < PLATFORM_PROCESSOR_WORDS; i++) set[i] = 0;
  if (syscall(SYS_sched_getaffinity, 0, 8 * PLATFORM_PROCESSOR_WORDS, set) <= 0) return 0;
  int count = 0;
  for (int i = 0; i < PLATFORM_PROCESSOR_WORDS; i++) count += __builtin_popcountll(set[i]);
  return count;
}

/// Lets a thread run on these processors only; 0 if that is done.
static inline int platform_set_processors(int32_t thread, const uint64_t set[PLATFORM_PROCESSOR_WORDS]) {
  return syscall(SYS_sched_setaffinity, thread, 8 * PLATFORM_PROCESSOR_WORDS, set) == 0 ? 0 : -1;
}

/// The processor that this thread runs on just now; negative if unknown.
static inline int platform_current_processor(void) {
  extern int sched_getcpu(void);
  return sched_getcpu();
}

/// The system's number of this thread.
static inline int32_t platform_thread(void) { return (int32_t)syscall(SYS_gettid); }

/// How often the system has taken this thread off its processor to run another; 0 if it does not say.
static inline long platform_preemptions(void) {
  const int thread = 1;  // RUSAGE_THREAD, which needs _GNU_SOURCE
  struct rusage usage;
  return getrusage(thread, &usage) == 0 ? usage.ru_nivcsw : 0;
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

// macOS has no affinity of threads to processors: it is told how many there are, and pins none.
#define PLATFORM_PROCESSOR_WORDS 128
static inline int platform_processors(uint64_t set[PLATFORM_PROCESSOR_WORDS]) {
  for (int i = 0; i < PLATFORM_PROCESSOR_WORDS; i++) set[i] = 0;
  return (int)sysconf(_SC_NPROCESSORS_ONLN);
}
static inline int platform_set_processors(int32_t thread, const uint64_t set[PLATFORM_PROCESSOR_WORDS]) {
  (void)thread;
  (void)set;
  return -1;
}
static inline int platform_current_processor(void) { return -1; }
static inline int32_t platform_thread(void) { return 0; }
static inline long platform_preemptions(void) { return 0; }
#endif

/// Tells the processor that this is a loop that waits.
static inline void platform_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// A Swift closure of two numbers that does not escape, as Swift passes it: its code, and where its captures lie.
///
/// Swift has no other way to hand such a closure to a thread that is already there than to copy its captures to the heap.
struct platform_closure {
  const void *code;
  const void *captures;
};

/// Calls a closure. It takes its captures where Swift's calling convention has them; it neither keeps nor releases them.
static inline void platform_call(struct platform_closure closure, intptr_t first, intptr_t second) {
  typedef __attribute__((swiftcall)) void (*function)(
      intptr_t first, intptr_t second, __attribute__((swift_context)) const void *captures);
  ((function)closure.code)(first, second, closure.captures);
}

/// Calls `borrower` with a closure that is valid until that returns.
///
/// Swift declares it as a function `(body: (Int, Int) -> Void, borrower, user)`: it passes a closure as two pointers.
__attribute__((swiftcall)) void platform_lend(
    const void *code, const void *captures, void (*borrower)(void *user, struct platform_closure closure), void *user);
