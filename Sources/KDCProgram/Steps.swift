/// Every kind of step, once: the serial form and tests read this list.
package enum Steps {
  package static let all: [any Step.Type] = [
    AddStep.self, AveragePoolStep.self, CastStep.self, ConvolutionStep.self, DequantizeStep.self, FillStep.self,
    FloatBinaryStep.self, FloatConvolutionStep.self, FloatMatMulStep.self, FloatPoolStep.self, FloatReduceStep.self,
    FloatResizeStep.self, FloatUnaryStep.self, GatherStep.self, LoadStep.self, MaxPoolStep.self, MoveStep.self,
    MultiplyStep.self, QuantizeStep.self, RecurrentStep.self, ResizeLinearStep.self, SoftmaxStep.self, TableStep.self,
  ]

  package static func type(of kind: String) -> (any Step.Type)? { all.first { $0.kind == kind } }
}
