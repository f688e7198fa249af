#include "CPlatform.h"

__attribute__((swiftcall)) void platform_lend(
    const void *code, const void *captures, void (*borrower)(void *user, struct platform_closure closure), void *user) {
  borrower(user, (struct platform_closure){code, captures});
}
