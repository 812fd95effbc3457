import KDCDiagnostics
import KDCKernels
import KDCProgram

extension Emission {
  /// All of a variant's file but its head and its `kdc_variant`, which name the targets.
  static func functionsAndTables(of program: Program, _ input: Input, _ constants: ConstantTable) throws -> String {
    let choices = input.selection.choices
    guard input.plan.offsets.count == program.buffers.count, input.plan.workspaceOffsets.count == choices.count else {
      throw InternalError("the memory plan is of another program")
    }
    let functions = SharedKernel.all(of: choices.map(\.code))
    var text = try CHelpers.source(usedIn: functions.map(\.text).joined()) + "\n"
    for function in functions {
      text += "\n"
      for step in function.steps {
        text += "// \(describe(step, in: program, choices[step]))\n"
        text += "//   \(contract(step, in: program, input))\n"
      }
      text += function.text
    }
    var owners = [Int](repeating: 0, count: choices.count)
    for kernel in functions.flatMap(\.kernels) {
      for step in kernel.steps { owners[step] = kernel.steps[0] }
    }
    for chain in input.selection.chains { text += "\n" + chainFunction(chain, owners: owners) }
    text += "\n" + (try stepTable(of: program, input, constants, owners: owners))
    text += try constantTable(constants, of: program)
    text += try portTable("inputs", program.inputs, program, input.plan)
    text += try portTable("outputs", program.outputs, program, input.plan)
    return CText.wrapped(text)
  }

  /// "7: convolution 'features.3' 3×3 s1, [14,14,64] → [14,14,96], conv_direct_4x4_neon".
  static func describe(_ index: Int, in program: Program, _ choice: KernelChoice) -> String {
    let step = program.steps[index]
    func shapes(_ buffers: [BufferID]) -> String {
      buffers.map { program.buffers[$0.index].shape.description }.joined(separator: " ")
    }
    var words = "\(index): \(type(of: step).kind) '\(CText.comment(step.name))'"
    if let window = (step as? any WindowedStep)?.geometry { words += " " + describe(window) }
    let from = shapes(step.reads)
    let to = shapes(step.writes)
    return words + ", " + (from.isEmpty ? to : "\(from) → \(to)") + ", \(choice.family)"
  }

  /// Where in the arena a step reads and writes, and what turns its sums into its output: "in [0, 768), out [768, 960); zero
  /// point -3 to 5, shift 9, within -128 ... 127".
  private static func contract(_ index: Int, in program: Program, _ input: Input) -> String {
    let step = program.steps[index]
    func ranges(_ buffers: [BufferID]) -> String {
      buffers.map { id in
        let offset = input.plan.offsets[id.index]
        return "[\(offset), \(offset + program.buffers[id.index].byteCount))"
      }.joined(separator: " ")
    }
    let isHanded = input.selection.chain(with: index) != nil
    var words = isHanded ? "as rows of a chain" : "in \(ranges(step.reads)), out \(ranges(step.writes))"
    if let step = step as? ConvolutionStep { words += "; zero point \(step.inputZeroPoint) of the input" }
    if let r = (step as? any RequantizedStep)?.requantization {
      words += "; left shift \(r.preShift), multiplier, right shift \(r.shift), zero point \(r.zeroPoint), "
      words += "within \(r.low) ... \(r.high)"
    } else if let step = step as? QuantizeStep {
      words += "; scale 1 / \(step.inverseScale), zero point \(step.zeroPoint)"
    } else if let step = step as? DequantizeStep {
      words += "; scale \(step.scale), zero point \(step.zeroPoint)"
    }
    return words
  }

  private static func describe(_ geometry: ConvolutionGeometry) -> String {
    let strides =
      geometry.strideY == geometry.strideX ? "\(geometry.strideY)" : "\(geometry.strideY)×\(geometry.strideX)"
    var words = "\(geometry.kernelHeight)×\(geometry.kernelWidth) s\(strides)"
    if geometry.dilationY > 1 || geometry.dilationX > 1 { words += " d\(geometry.dilationY)×\(geometry.dilationX)" }
    if geometry.groups > 1 { words += " g\(geometry.groups)" }
    return words
  }
}

/// A step with a window, for its comment.
private protocol WindowedStep { var geometry: ConvolutionGeometry { get } }
extension ConvolutionStep: WindowedStep {}
extension FloatConvolutionStep: WindowedStep {}
extension FloatWinogradStep: WindowedStep {}
extension MaxPoolStep: WindowedStep {}
extension AveragePoolStep: WindowedStep {}
extension FloatPoolStep: WindowedStep {}
