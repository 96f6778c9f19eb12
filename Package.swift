// swift-tools-version: 6.2
import Foundation
import PackageDescription

// LIBTORCH names the libtorch to build against, for example `…/site-packages/torch`. Unset means
// Debian's libtorch-dev (1.13, whose headers want C++17 and live on the default path); PyTorch's own
// builds (2.6 and newer) want C++20.
let libtorch = ProcessInfo.processInfo.environment["LIBTORCH"].flatMap { $0.isEmpty ? nil : $0 }
let hasCUDA = libtorch.map { FileManager.default.fileExists(atPath: "\($0)/lib/libtorch_cuda.so") } ?? false

// DARKROOM_ONLY=server leaves out every target that links libtorch: what is left builds in a minute, and can be
// built with sanitizers that libtorch's own code would drown.
let withTorch = ProcessInfo.processInfo.environment["DARKROOM_ONLY"] != "server"

let torchCXX: [CXXSetting] = [
  .unsafeFlags(
    (libtorch.map { ["-I\($0)/include", "-I\($0)/include/torch/csrc/api/include"] }
      ?? ["-I/usr/include/torch/csrc/api/include"])
      + ["-Wno-deprecated-declarations", "-fvisibility=hidden", "-fvisibility-inlines-hidden"])
]
let torchLinker: [LinkerSetting] = [
  .unsafeFlags(
    (libtorch.map { ["-L\($0)/lib", "-Xlinker", "-rpath", "-Xlinker", "\($0)/lib"] } ?? [])
      // The linker drops a library nothing names a symbol of; CUDA's kernels register themselves.
      + (hasCUDA
        ? ["-Xlinker", "--no-as-needed", "-ltorch_cuda", "-lc10_cuda", "-Xlinker", "--as-needed"] : [])),
  .linkedLibrary("torch_cpu"), .linkedLibrary("c10"),
]

let swift: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// A library target of ours; `uses` are the only modules it may import (the build checks it).
func library(
  _ name: String, uses: [Target.Dependency] = [], resources: [Resource] = [], linker: [LinkerSetting] = []
) -> Target {
  .target(name: name, dependencies: uses, resources: resources, swiftSettings: swift, linkerSettings: linker)
}

/// The suite of one target. Every suite may use TestSupport; its fixtures are read from the source tree.
func suite(_ name: String, uses: [Target.Dependency] = []) -> Target {
  let fixtures = "\(Context.packageDirectory)/Tests/\(name)Tests/Fixtures"
  return .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name), "TestSupport"] + uses,
    exclude: FileManager.default.fileExists(atPath: fixtures) ? ["Fixtures"] : [], swiftSettings: swift)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

/// What links libtorch: the engine's side, its suites, and the tests that need both processes.
let torchTargets: [Target] = [
  // The shim: C functions over libtorch, the only code that sees it.
  .target(name: "CTorch", cxxSettings: torchCXX, linkerSettings: torchLinker),
  // A tensor, its operations and its errors; owns what CTorch hands out.
  library("Torch", uses: ["CTorch"]),
  // Layers and the weights they are made from.
  library("NN", uses: ["Torch", "Safetensors"]),
  // The networks, samplers and pipeline of SDXL.
  library(
    "StableDiffusion",
    uses: ["NN", "Torch", "Safetensors", "CheckpointKinds", "CLIPTokenizer", "Images", "JSON"]),
  // The engine: one pinned thread, one resident model.
  library("Engine", uses: ["StableDiffusion", "Torch", "Generation", "Images"]),
  // The child process that owns the GPU.
  .executableTarget(
    name: "darkroom-engine", dependencies: ["Wire", "Engine", "Generation", argumentParser],
    swiftSettings: swift),

  suite("Torch", uses: ["CTorch"]), suite("NN", uses: ["Torch", "Safetensors"]),
  suite("StableDiffusion", uses: ["NN", "Torch", "Safetensors", "CLIPTokenizer", "Images", "JSON"]),
  suite("Engine", uses: ["Generation", "Images", "Registry", "StableDiffusion", "Torch"]),
  // The two executables together, as a user runs them.
  .testTarget(
    name: "EndToEndTests",
    dependencies: ["TestSupport", "JSON", "Images", "Registry", "darkroom", "darkroom-engine"],
    swiftSettings: swift),
]

let package = Package(
  name: "darkroom",
  products: [.executable(name: "darkroom", targets: ["darkroom"])]
    + (withTorch ? [.executable(name: "darkroom-engine", targets: ["darkroom-engine"])] : []),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    // libpng (its setjmp stays in C), TurboJPEG and libwebp behind functions that return codes.
    .target(
      name: "CImageCodecs",
      linkerSettings: [.linkedLibrary("png"), .linkedLibrary("turbojpeg"), .linkedLibrary("webp")]),
    // OpenSSL's libcrypto: SHA-256, and comparing in constant time.
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),

    // epoll, whose event structure Swift's Glibc module does not show.
    .systemLibrary(name: "CEpoll"),

    // Strict JSON: what the API and the safetensors header read and write.
    library("JSON"),
    // Validated headers, then pread into the caller's memory. No torch.
    library("Safetensors", uses: ["JSON"]),
    // What a file of weights holds, told from the names of its tensors.
    library("CheckpointKinds", uses: ["Safetensors"]),
    // OpenAI's byte-pair encoding.
    library("CLIPTokenizer"),
    // Pictures as bytes, and their file formats.
    library("Images", uses: ["CImageCodecs"]),
    // models/*.toml and the folders beside them, as values.
    library("Registry", uses: ["Safetensors", "CheckpointKinds", "TOMLKit"]),
    // Model files: today their SHA-256.
    library("Downloads", uses: ["CCrypto"]),
    // What is asked of an engine and what it answers: the values that cross the process border.
    library("Generation", uses: ["Images"]),
    // Frames over a socket pair: the engine as seen from the server, and the reverse.
    library("Wire", uses: ["Generation", "Images", logging]),
    // Whose turn it is.
    library("Scheduling"),
    // Who is let in: tokens and what they are called.
    library("Access", uses: ["CCrypto"]),
    // What operators see of the server's work.
    library("Telemetry", uses: ["JSON", logging]),
    // HTTP/1.1 as values: bytes in, requests out. No I/O.
    library("HTTP"),
    // epoll, and HTTP driven over it.
    library("Sockets", uses: ["HTTP", "CEpoll", logging]),
    // The routes: JSON to Generation and back.
    library(
      "API",
      uses: [
        "HTTP", "JSON", "Generation", "Scheduling", "Registry", "Images", "Access", "Telemetry", "CCrypto",
      ],
      resources: [
        .embedInCode("Docs/page.html"), .embedInCode("Docs/page.css"), .embedInCode("Docs/page.js"),
      ]),

    // The server and command line. Never links libtorch.
    .executableTarget(
      name: "darkroom",
      dependencies: [
        "API", "Access", "HTTP", "Sockets", "Wire", "Scheduling", "Registry", "Downloads", "Generation",
        "Telemetry",
        argumentParser, logging,
      ], swiftSettings: swift),

    // Fixtures, a way to feed a parser every way, a fake engine.
    .target(
      name: "TestSupport", dependencies: ["JSON"], path: "Tests/TestSupport",
      swiftSettings: swift),
    // An engine that makes gradients, dies and hangs on request, for Wire's tests.
    .executableTarget(
      name: "fake-engine", dependencies: ["Wire", "Generation", "Images"], path: "Tests/FakeEngine",
      swiftSettings: swift),
    suite("JSON"), suite("Safetensors", uses: ["JSON"]), suite("CheckpointKinds", uses: ["Safetensors"]),
    suite("CLIPTokenizer", uses: ["JSON"]), suite("Images"), suite("Registry", uses: ["Safetensors"]),
    suite("Downloads"),
    suite("Wire", uses: ["Generation", "Images", logging, "fake-engine"]),
    suite("Scheduling", uses: ["Generation"]), suite("HTTP"), suite("Sockets", uses: ["HTTP", logging]),
    // The server as operators run it, with the fake engine.
    .testTarget(
      name: "ServeTests",
      dependencies: ["TestSupport", "JSON", "Generation", "Registry", "darkroom", "fake-engine", logging],
      swiftSettings: swift),
    suite("Access"), suite("Telemetry", uses: ["JSON", logging]),
    suite(
      "API",
      uses: [
        "HTTP", "JSON", "Generation", "Scheduling", "Registry", "Images", "Access", "Telemetry", "Sockets",
        "Wire", "Downloads", "fake-engine", logging,
      ]),
  ] + (withTorch ? torchTargets : []),
  cxxLanguageStandard: libtorch == nil ? .cxx17 : .cxx20
)
