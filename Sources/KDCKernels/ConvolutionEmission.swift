import KDCDiagnostics
import KDCProgram

/// What the emitters of integer convolutions share: names, constants and comments of the generated C.
struct ConvolutionEmission {
  let step: ConvolutionStep
  var geometry: ConvolutionGeometry { step.geometry }

  init(_ step: any Step) throws {
    guard let convolution = step as? ConvolutionStep else {
      throw InternalError("a convolution kernel was asked for a step of kind \(type(of: step).kind)")
    }
    self.step = convolution
  }

  var macs: Double { Double(geometry.macs) }
  var outputs: Double { Double(geometry.outputHeight * geometry.outputWidth * geometry.outputChannels) }
  var pixels: Int { geometry.outputHeight * geometry.outputWidth }
  var channelsPerGroup: Int { geometry.inputChannels / max(geometry.groups, 1) }

  /// The first line of a body: shape and family. No numbers that stand among the constants or that the code does not use,
  /// since layers with equal bodies share their function.
  func heading(_ family: String) -> String {
    let g = geometry
    return "  // [\(g.inputHeight),\(g.inputWidth),\(g.inputChannels)] → "
      + "[\(g.outputHeight),\(g.outputWidth),\(g.outputChannels)], \(g.window)\(step.residual == nil ? "" : " + residual"); \(family)\n"
  }

  /// Pointers to the step's data. The workspace follows the buffers.
  func pointers(workspace: Bool = false, weights: String = "int8_t") -> String {
    let output = step.residual == nil ? 1 : 2
    return "  const int8_t *input = b[0]\(output == 2 ? ", *residual = b[1]" : "");\n"
      + "  int8_t *output = b[\(output)];\n"
      + (workspace ? "  int8_t *workspace = b[\(output + 1)];\n" : "")
      + "  const \(weights) *weights = c[0];\n"
      + "  const int32_t *bias = c[1], *multipliers = c[2];\n"
  }

  /// The numbers of the requantisation as named constants.
  var requantization: [(String, Int)] {
    let r = step.requantization
    var list = [
      ("PRE_SHIFT", r.preShift), ("SHIFT", r.shift), ("ZERO_POINT", r.zeroPoint), ("LOW", r.low), ("HIGH", r.high),
    ]
    if let residual = step.residual {
      list += [("RESIDUAL_ZERO", residual.zeroPoint), ("RESIDUAL_MULTIPLIER", residual.multiplier)]
    }
    return list
  }

  /// `enum { … };` of named constants, a few a line.
  static func constants(_ list: [(String, Int)]) -> String {
    var lines: [String] = []
    for start in stride(from: 0, to: list.count, by: 6) {
      lines.append(list[start..<min(start + 6, list.count)].map { "\($0.0) = \($0.1)" }.joined(separator: ", "))
    }
    return "  enum {\n" + lines.map { "    \($0),\n" }.joined() + "  };\n"
  }
}

/// Lines of C indented by `levels` steps of two spaces.
func indented(_ text: String, _ levels: Int) -> String {
  let margin = String(repeating: "  ", count: levels)
  return text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { $0.isEmpty || $0.hasPrefix("#") ? String($0) : margin + $0 }.joined(separator: "\n")
}
