/// Every kind of step, once: the serial form and tests read this list.
package enum Steps {
  package static let all: [any Step.Type] = [
    AddStep.self, ArgReduceStep.self, AveragePoolStep.self, CastStep.self, CompareStep.self, ConvolutionStep.self,
    CumulativeStep.self, DequantizeStep.self, DeterminantStep.self, ExtremeStep.self, FillStep.self,
    FloatBinaryStep.self,
    FloatConvolutionStep.self, FloatMatMulStep.self, FloatPoolStep.self, FloatReduceStep.self, FloatResizeStep.self,
    FloatWinogradStep.self,
    FloatUnaryStep.self, GatherElementsStep.self, GatherStep.self, GridSampleStep.self, IntegerBinaryStep.self,
    IntegerReduceStep.self, LoadStep.self, MaxPoolIndicesStep.self, MaxPoolStep.self, MoveStep.self, MultiplyStep.self,
    QuantizeStep.self, RecurrentStep.self, ResizeLinearStep.self, RoiAlignStep.self, ScatterStep.self, SelectStep.self,
    SoftmaxStep.self, SuppressionStep.self, TableStep.self, TopKStep.self,
  ]

  package static func type(of kind: String) -> (any Step.Type)? { all.first { $0.kind == kind } }
}
