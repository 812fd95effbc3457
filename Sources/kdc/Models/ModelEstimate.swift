import Foundation
import KDCBundle
import KDCCodegen
import KDCCompression
import KDCGraph
import KDCProgram
import KDCTargets
import KDCTensor

/// What a float graph would cost as an int8 program, without calibrating it: for choices among many graphs.
///
/// The graph is quantised on one sample. Which values that picks as ranges changes neither shapes nor kernels, so that
/// cycles and memory are those of the real program; the constants are those of the real one but for the last bits of
/// their scales, so that their compressed size is near.
struct ModelEstimate: Sendable, Codable, Equatable {
  /// One inference on one core, by target name.
  var milliseconds: [String: Double]
  /// Bytes of the largest arena over the targets.
  var memory: Int
  /// (Σ aᵖ)^(1/p) over the bytes a alive at each step, p = 16: hardly more than their largest, but it falls with each of
  /// several steps that need as much.
  var softMemory: Double
  /// Bytes of the bundle without its machine code; 0 where not asked for.
  var size: Int

  var slowest: Double { milliseconds.values.max() ?? 0 }

  /// Throws what lowering and kernel selection throw.
  init(
    _ graph: Graph, sample: [String: Tensor], targets: [Target], countsSize: Bool = true, weightBits: Int = 8,
    mostMemory: Int? = nil, threads: Threads = 1
  ) throws {
    var options = Quantizer.Options()
    options.rangeMethod = .minMax
    options.searchesWeightScales = false
    options.defaultWeightBits = weightBits
    // Rounded to nearest: error feedback takes long and changes no size.
    options.feedbackBits = 0
    options.threads = threads
    let program = try lower(try Quantizer.quantize(graph, samples: [sample], options: options).graph)
    try self.init(program, targets: targets, countsSize: countsSize, mostMemory: mostMemory)
  }

  init(_ program: Program, targets: [Target], countsSize: Bool = true, mostMemory: Int? = nil) throws {
    try self.init(Lowered(program, for: targets, memory: mostMemory), countsSize: countsSize)
  }

  init(_ lowered: Lowered, countsSize: Bool) throws {
    milliseconds = lowered.milliseconds
    memory = lowered.arenaBytes
    softMemory = 0
    for plan in lowered.plans {
      let most = Double(max(plan.lowerBound, 1))
      let sum = plan.alive.reduce(0) { $0 + pow(Double($1) / most, 16) }
      softMemory = max(softMemory, most * pow(sum, 1.0 / 16))
    }
    size = countsSize ? try Self.size(of: lowered.program) : 0
  }

  /// The streams of a bundle: program and constants as they are stored, and what a manifest and golden vectors take.
  static func size(of program: Program) throws -> Int {
    var streams = ContainerWriter()
    try streams.add(.program, try ProgramCoder.encode(program))
    for stream in program.constantStreams { try streams.add(.constant, program.storedBytes(of: stream)) }
    return try streams.finish().count + 750
  }
}

extension KernelSelection {
  /// One inference on one core.
  var milliseconds: Double { cycles / (target.gigahertz * 1e6) }
}
