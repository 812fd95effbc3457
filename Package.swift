// swift-tools-version: 6.2
import PackageDescription

/// The modules of the compiler, each with what it may import. The order is the direction of imports:
/// a module names only modules above it (see `Tests/ArchitectureTests`).
let modules: [(name: String, imports: [Target.Dependency])] = [
  ("KDCDiagnostics", []),
  ("KDCTensor", ["KDCDiagnostics", "COpenBLAS"]),
  ("KDCGraph", ["KDCDiagnostics", "KDCTensor"]),
  ("KDCProgram", ["KDCDiagnostics", "KDCTensor", "CKDCFloat"]),
  (
    "KDCONNX",
    ["KDCDiagnostics", "KDCTensor", "KDCGraph", .product(name: "SwiftProtobuf", package: "swift-protobuf")]
  ),
  ("KDCOps", ["KDCDiagnostics", "KDCTensor", "KDCGraph", "KDCProgram"]),
  ("KDCPasses", ["KDCDiagnostics", "KDCTensor", "KDCGraph", "KDCOps"]),
  (
    "KDCTraining",
    [
      "KDCDiagnostics", "KDCTensor", "KDCGraph", "KDCOps", "CZlib", "CLibPNG", "CTurboJPEG", "CLibWebP", "CLibTIFF",
      "CSndfile",
    ]
  ),
  (
    "KDCModels",
    [
      "KDCDiagnostics", "KDCTensor", "KDCGraph", "KDCOps", "KDCTraining", .product(name: "Yams", package: "Yams"),
    ]
  ),
  (
    "KDCCompression",
    ["KDCDiagnostics", "KDCTensor", "KDCGraph", "KDCProgram", "KDCOps", "KDCPasses", "KDCTraining"]
  ),
  ("KDCTargets", ["KDCDiagnostics", .product(name: "Yams", package: "Yams")]),
  ("KDCKernels", ["KDCDiagnostics", "KDCTensor", "KDCProgram", "KDCTargets"]),
  (
    "KDCCodegen",
    ["KDCDiagnostics", "KDCTensor", "KDCGraph", "KDCProgram", "KDCOps", "KDCPasses", "KDCTargets", "KDCKernels"]
  ),
  ("KDCToolchain", ["KDCDiagnostics", "KDCTargets", "CKDCProcess"]),
  (
    "KDCBundle",
    [
      "KDCDiagnostics", "KDCTensor", "KDCProgram", "KDCTargets", "KDCKernels", "KDCCodegen", "KDCToolchain", "CZlib",
      .product(name: "Crypto", package: "swift-crypto"),
    ]
  ),
]

let compilerModules = modules.map { Target.Dependency(stringLiteral: $0.name) }

let package = Package(
  name: "kdc",
  products: [
    .executable(name: "kdc", targets: ["kdc"]),
    .library(name: "KDCRuntime", targets: ["KDCRuntime"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLibPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CLibWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
    .systemLibrary(name: "CLibTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
    .systemLibrary(name: "CSndfile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .target(name: "CKDCFloat"),
    .target(name: "CKDCProcess"),
    .target(name: "CKDCRuntime", exclude: []),
    .target(name: "KDCRuntime", dependencies: ["CKDCRuntime"]),
    .executableTarget(
      name: "kdc",
      dependencies: compilerModules + [
        "KDCRuntime", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
  ]
    + modules.map { .target(name: $0.name, dependencies: $0.imports) }
    + (modules.map(\.name) + ["KDCRuntime"]).map {
      .testTarget(
        name: $0 + "Tests", dependencies: [.byName(name: $0), "KDCTestSupport"],
        exclude: $0 == "KDCCodegen" ? ["Snapshots"] : [])
    }
    + [
      .target(name: "KDCTestSupport", dependencies: compilerModules, path: "Tests/KDCTestSupport"),
      .executableTarget(name: "fuzz-models", dependencies: compilerModules, path: "Tests/Fuzz/Models"),
      .testTarget(
        name: "kdcTests", dependencies: compilerModules + ["KDCTestSupport"],
        exclude: ["passing.txt", "skipped.txt", "uncompiled.txt"].map { "ONNXNode/" + $0 } + ["Console/Help"]),
    ],
  swiftLanguageModes: [.v6]
)
