import Foundation
import KDCKernels
import KDCProgram
import KDCTargets
import KDCTestSupport
import Testing

/// Writes benchmark programs for the ruler: the layers of a model, each in its cheapest family. Not a test; runs only
/// where KDC_BENCHMARKS names a folder for the programs.
@Suite("Kernel benchmarks") struct KernelBenchmark {
  static let folder = ProcessInfo.processInfo.environment["KDC_BENCHMARKS"]

  /// Input height and channels, output channels, kernel, stride, groups, how many such layers, how many with a residual.
  typealias Layer = (
    size: Int, from: Int, to: Int, kernel: Int, stride: Int, depthwise: Bool, count: Int, residual: Bool
  )

  static let mobileNetV2: [Layer] = [
    (224, 3, 32, 3, 2, false, 1, false), (112, 32, 32, 3, 1, true, 1, false), (112, 32, 16, 1, 1, false, 1, false),
    (112, 16, 96, 1, 1, false, 1, false), (112, 96, 96, 3, 2, true, 1, false), (56, 96, 24, 1, 1, false, 1, false),
    (56, 24, 144, 1, 1, false, 2, false), (56, 144, 144, 3, 1, true, 1, false), (56, 144, 24, 1, 1, false, 1, true),
    (56, 144, 144, 3, 2, true, 1, false), (28, 144, 32, 1, 1, false, 1, false), (28, 32, 192, 1, 1, false, 3, false),
    (28, 192, 192, 3, 1, true, 2, false), (28, 192, 32, 1, 1, false, 2, true), (28, 192, 192, 3, 2, true, 1, false),
    (14, 192, 64, 1, 1, false, 1, false), (14, 64, 384, 1, 1, false, 4, false), (14, 384, 384, 3, 1, true, 4, false),
    (14, 384, 64, 1, 1, false, 3, true), (14, 384, 96, 1, 1, false, 1, false), (14, 96, 576, 1, 1, false, 3, false),
    (14, 576, 576, 3, 1, true, 2, false), (14, 576, 96, 1, 1, false, 2, true), (14, 576, 576, 3, 2, true, 1, false),
    (7, 576, 160, 1, 1, false, 1, false), (7, 160, 960, 1, 1, false, 3, false), (7, 960, 960, 3, 1, true, 3, false),
    (7, 960, 160, 1, 1, false, 2, true), (7, 960, 320, 1, 1, false, 1, false), (7, 320, 1280, 1, 1, false, 1, false),
    (1, 1280, 1000, 1, 1, false, 1, false),
  ]
  static let resNet18: [Layer] = [
    (224, 3, 64, 7, 2, false, 1, false), (56, 64, 64, 3, 1, false, 2, false), (56, 64, 64, 3, 1, false, 2, true),
    (56, 64, 128, 3, 2, false, 1, false), (56, 64, 128, 1, 2, false, 1, false), (28, 128, 128, 3, 1, false, 1, false),
    (28, 128, 128, 3, 1, false, 2, true), (28, 128, 256, 3, 2, false, 1, false), (28, 128, 256, 1, 2, false, 1, false),
    (14, 256, 256, 3, 1, false, 1, false), (14, 256, 256, 3, 1, false, 2, true), (14, 256, 512, 3, 2, false, 1, false),
    (14, 256, 512, 1, 2, false, 1, false), (7, 512, 512, 3, 1, false, 1, false), (7, 512, 512, 3, 1, false, 2, true),
    (1, 512, 1000, 1, 1, false, 1, false),
  ]
  static let cnn96: [Layer] = [
    (96, 3, 16, 3, 2, false, 1, false), (48, 16, 32, 3, 2, false, 1, false), (24, 32, 64, 3, 2, false, 1, false),
    (12, 64, 64, 3, 1, false, 2, false), (1, 64, 10, 1, 1, false, 1, false),
  ]

  @Test("Benchmark programs are written and their units counted", .enabled(if: folder != nil, "set KDC_BENCHMARKS"))
  func write() throws {
    let folder = URL(fileURLWithPath: try #require(Self.folder))
    for (name, layers) in [("mobilenetv2", Self.mobileNetV2), ("resnet18", Self.resNet18), ("cnn96", Self.cnn96)] {
      for (target, machine) in [
        (TestTargets.a72, KernelHarness.Machine.qemu(cpu: "cortex-a72")), (TestTargets.host, .host),
      ] {
        try write(name, layers, target, machine, folder)
      }
    }
  }

  func write(
    _ name: String, _ layers: [Layer], _ target: Target, _ machine: KernelHarness.Machine, _ folder: URL
  ) throws {
    var source = ConvolutionCases(seed: 5)
    var list = ""
    var cases: [KernelCase] = []
    for (index, layer) in layers.enumerated() {
      let size = (layer.size + layer.stride - 1) / layer.stride
      let geometry = ConvolutionGeometry(
        input: (layer.size, layer.size, layer.from), output: (size, size, layer.to),
        kernel: (layer.kernel, layer.kernel), strides: (layer.stride, layer.stride), padTop: layer.kernel / 2,
        padLeft: layer.kernel / 2, groups: layer.depthwise ? layer.from : 1)
      var (program, memory) = source.make(geometry, residual: layer.residual, values: .even, preShift: false)
      if var step = program.steps[0] as? ConvolutionStep {
        (step.requantization.low, step.requantization.high) = (-128, 127)
        program.steps[0] = step
      }
      let step = program.steps[0]
      let offers = Families.all.compactMap { try? $0.offer(step, in: program, on: target) }
      let offer = try #require(offers.min { $0.cycles < $1.cycles })
      let family = offer.family
      list += "k\(index) \(layer.count) \(geometry.macs) \(Int(offer.cycles)) \(family.name) \(geometry.title)\n"
      cases.append(KernelCase("layer \(index)", program: program, memory: memory, family: family, target: target))
    }
    let layout = try KernelLayout(cases)
    let place = folder.appendingPathComponent("\(name)-\(target.name)")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try list.write(to: place.appendingPathComponent("layers.txt"), atomically: false, encoding: .utf8)
    _ = try KernelHarness.compile(
      try layout.benchmark(cases, counts: layers.map(\.count)), flags: target.compilerFlags, into: place, for: machine)
  }
}
