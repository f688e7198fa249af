// swift-tools-version: 6.2
import PackageDescription

/// Modules whose hot loops must be fast in debug builds too.
let optimized: [SwiftSetting] = [.unsafeFlags(["-O"])]
/// Templates reach the instruction set's primitives across files, so these modules are optimized whole in debug builds as well.
let kernelFlags = ["-Ounchecked", "-wmo", "-num-threads", "2", "-disable-batch-mode"]
let kernel: [SwiftSetting] = [.unsafeFlags(kernelFlags)]

func kernel(_ instructionSet: String...) -> [SwiftSetting] {
  [.unsafeFlags(kernelFlags + instructionSet.flatMap { ["-Xcc", "-m\($0)"] })]
}

#if arch(x86_64)
  let tunedKernels: [Target] = [
    .target(name: "KernelsAVX2", dependencies: ["KernelTemplates"], swiftSettings: kernel("avx2", "fma")),
    .target(
      name: "KernelsAVX512", dependencies: ["KernelTemplates"],
      swiftSettings: kernel("avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl")),
  ]
#else
  let tunedKernels: [Target] = []
#endif

let package = Package(
  name: "swiftinfer",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "swiftinfer", targets: ["swiftinfer"]),
    .library(name: "Engine", targets: ["Engine", "Graph", "Zoo"]),
    .library(name: "Kernels", targets: ["Kernels"]),
    // For the benchmarks, which measure beside it.
    .library(name: "COpenBLAS", targets: ["COpenBLAS"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // C libraries: module maps and generated code only.
    .target(name: "CIntrinsics"),
    .target(name: "CPlatform"),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .target(name: "CONNX", dependencies: ["CProtobufC"]),

    // The product, in the order of its data flow.
    .target(name: "Graph", dependencies: ["CONNX"], swiftSettings: optimized),
    .target(name: "KernelTemplates", dependencies: ["CIntrinsics"], swiftSettings: kernel),
    .target(
      name: "Kernels",
      dependencies: ["KernelTemplates", "CIntrinsics", "CPlatform"]
        + tunedKernels.map { .target(name: $0.name) },
      swiftSettings: kernel),
    .target(name: "Engine", dependencies: ["Graph", "Kernels"], swiftSettings: optimized),
    .target(name: "Zoo", dependencies: ["Graph"], swiftSettings: optimized),
    .target(name: "Bench", dependencies: ["Engine", "Zoo", "CJPEG", "CPNG"], swiftSettings: optimized),
    .executableTarget(
      name: "swiftinfer",
      dependencies: [
        "Bench", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    // How a program uses the library; built and run by the tests.
    .executableTarget(name: "classify", dependencies: ["Engine", "Zoo"], path: "Examples/Classify"),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["Graph", "Kernels"], path: "Tests/TestSupport",
      swiftSettings: optimized),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .testTarget(name: "GraphTests", dependencies: ["Graph", "TestSupport"], swiftSettings: optimized),
    .testTarget(
      name: "KernelsTests", dependencies: ["Kernels", "COpenBLAS", "TestSupport"], swiftSettings: optimized),
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "Zoo", "TestSupport", "CAllocationCounter"],
      swiftSettings: optimized),
    .testTarget(name: "ZooTests", dependencies: ["Zoo", "TestSupport"], swiftSettings: optimized),
    .testTarget(
      name: "BenchTests", dependencies: ["Bench", "Engine", "Kernels", "Zoo", "TestSupport"], exclude: ["Fixtures"],
      swiftSettings: optimized),
    .testTarget(
      name: "CommandLineTests", dependencies: ["swiftinfer", "classify", "Graph", "TestSupport"], exclude: ["Snapshots"]
    ),
  ] + tunedKernels,
  swiftLanguageModes: [.v6]
)
