import Kernels

/// The kernels of the processor and the threads that run them.
package struct KernelContext: Sendable {
}
