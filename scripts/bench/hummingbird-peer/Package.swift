// swift-tools-version: 6.0
import PackageDescription

// The peer of scripts/bench/http that is written in Swift too; a package of its own, so that Darkroom needs none of it.
let package = Package(
  name: "hummingbird-peer",
  platforms: [.macOS(.v14)],
  dependencies: [.package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1")],
  targets: [
    .executableTarget(
      name: "peer", dependencies: [.product(name: "Hummingbird", package: "hummingbird")])
  ])
