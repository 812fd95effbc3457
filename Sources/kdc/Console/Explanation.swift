import Foundation
import KDCCodegen
import KDCKernels
import KDCProgram
import KDCTargets

/// What `kdc explain` says: the kernels of a program on some targets.
struct Explanation: Encodable {
  var targets: [TargetExplanation]

  struct TargetExplanation: Encodable {
    var name: String
    var title: String
    var milliseconds: Double
    var megacycles: Double
    var layers: [Layer]
  }

  struct Layer: Encodable {
    var name: String
    /// Kind of the program's step, and its numbers.
    var op: String
    var detail: String
    var kernel: String
    var reason: String
    /// With which layers it runs as one step, rows at a time; nil where it runs by itself.
    var chain: String?
    /// Of an integer convolution's input and weights.
    var inputBits: Int?
    var weightBits: Int?
    var cycles: Double
    /// Of the whole inference, 0...1.
    var share: Double
    /// Multiply-accumulates; nil for steps that have none.
    var macs: Int?
    /// Bytes of the constants in the form that the kernel reads.
    var bytes: Int
    var refused: [Refusal]
    /// Estimate of the same convolution in float32; nil for other steps.
    var floatCycles: Double?

    /// "7 × 7"; empty for steps that are no integer convolution.
    fileprivate var bits: String {
      guard let inputBits, let weightBits else { return "" }
      return "\(inputBits) × \(weightBits)"
    }
  }

  struct Refusal: Encodable {
    var kernel: String
    var reason: String
  }

  /// `memory` is the most that an arena may have, if that is limited.
  init(of program: Program, on targets: [Target], memory: Int?) throws {
    self.targets = try targets.map { target in
      let selection = try KernelSelection(for: program, on: target, memory: memory)
      let total = max(selection.cycles, 1)
      let ranges = ValueRanges(of: program)
      let layers = zip(program.steps, selection.choices).enumerated().map { index, pair in
        let (step, choice) = pair
        let packed = zip(step.constants, choice.code.packings).map { constant, packing in
          packing.packedBytes(of: program.constants[constant.index].tensor.byteCount)
        }
        let integer = step as? ConvolutionStep
        return Layer(
          name: step.name, op: type(of: step).kind, detail: step.detail, kernel: choice.family, reason: choice.reason,
          chain: selection.chain(with: index)?.note(for: index),
          inputBits: integer.map { ranges.usedBits(of: $0.input) },
          weightBits: integer.map { program.usedBits(of: $0.weights) },
          cycles: choice.cycles, share: choice.cycles / total,
          macs: step.macs > 0 ? step.macs : nil,
          bytes: packed.reduce(0, +),
          refused: choice.candidates.compactMap { candidate in
            guard case .refused(let reason) = candidate.verdict else { return nil }
            return Refusal(kernel: candidate.family, reason: reason)
          }, floatCycles: KernelSelection.floatCycles(of: step, in: program, on: target))
      }
      return TargetExplanation(
        name: target.name, title: target.title, milliseconds: selection.milliseconds,
        megacycles: selection.cycles / 1e6, layers: layers)
    }
  }

  /// For people; with `refused` also why other kernels do not take a layer.
  func text(refused: Bool) -> String {
    targets.map { target in
      var rows = [["", "layer", "op", "kernel", "bits", "cycles", "share", "bytes", "float"]]
      for (index, layer) in target.layers.enumerated() {
        rows.append([
          "\(index)", layer.name, layer.op, layer.kernel, layer.bits, String(format: "%.0f", layer.cycles),
          String(format: "%.1f %%", 100 * layer.share), Figure.bytes(layer.bytes),
          layer.floatCycles.map { String(format: "%.1f×", $0 / max(layer.cycles, 1)) } ?? "",
        ])
      }
      var lines = [
        String(
          format: "%@ (%@): about %.3f ms, %.3f Mcycles on one core", target.name, target.title, target.milliseconds,
          target.megacycles),
        "'bits' are those of input and weights; 'float' is what the same convolution would take in float32, next to int8.",
        "",
      ]
      let table = TextTable.aligned(rows) { $0 >= 4 }
      lines.append(table[0])
      for (line, layer) in zip(table.dropFirst(), target.layers) {
        lines +=
          [line, "      \(layer.detail)", "      \(layer.reason)"]
          + (layer.chain.map { ["      " + $0.printable] } ?? [])
        if let float = layer.floatCycles, float < layer.cycles { lines.append("      slower than float32") }
        if refused { lines += layer.refused.map { "      refused \($0.kernel): \($0.reason)" } }
      }
      return lines.joined(separator: "\n")
    }.joined(separator: "\n\n")
  }

}
