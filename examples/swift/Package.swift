// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "app",
  dependencies: [.package(name: "kdc", path: "../..")],
  targets: [.executableTarget(name: "app", dependencies: [.product(name: "KDCRuntime", package: "kdc")])]
)
