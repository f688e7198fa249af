// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "swiftinfer-benchmarks",
  dependencies: [
    .package(name: "swiftinfer", path: ".."),
    // Without its malloc interposer: it counts allocations, which these benchmarks do not ask for.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
  ],
  targets: [
    .executableTarget(
      name: "KernelBenchmarks",
      dependencies: [
        .product(name: "Kernels", package: "swiftinfer"), .product(name: "COpenBLAS", package: "swiftinfer"),
        .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/KernelBenchmarks",
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
  ],
  swiftLanguageModes: [.v6]
)
