import KDCProgram

/// What the emitters of integer convolutions share: names, constants and comments of the generated C.
struct ConvolutionEmission {
  let step: ConvolutionStep
  var geometry: ConvolutionGeometry { step.geometry }

  init(_ step: ConvolutionStep) { self.step = step }

  var macs: Double { Double(geometry.macs) }
  var outputs: Double { Double(geometry.outputHeight * geometry.outputWidth * geometry.outputChannels) }
  var pixels: Int { geometry.outputHeight * geometry.outputWidth }
  var channelsPerGroup: Int { geometry.inputChannels / max(geometry.groups, 1) }

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
  var requantization: [KernelNumber] {
    let r = step.requantization
    let preShift: KernelNumber.Kind = step.residual == nil ? .fixed : .varying
    var list: [KernelNumber] = [
      KernelNumber(name: "PRE_SHIFT", value: r.preShift, kind: preShift), .fixed("SHIFT", r.shift),
      .varying("ZERO_POINT", r.zeroPoint),
      .varying("LOW", r.low), .varying("HIGH", r.high),
    ]
    if let residual = step.residual {
      list += [.varying("RESIDUAL_ZERO", residual.zeroPoint), .varying("RESIDUAL_MULTIPLIER", residual.multiplier)]
    }
    return list
  }
}

/// Lines of C indented by `levels` steps of two spaces.
func indented(_ text: String, _ levels: Int) -> String {
  let margin = String(repeating: "  ", count: levels)
  return text.split(separator: "\n", omittingEmptySubsequences: false)
    .map { $0.isEmpty || $0.hasPrefix("#") ? String($0) : margin + $0 }.joined(separator: "\n")
}
