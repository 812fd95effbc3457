import KDCProgram

/// Kernels of `RecurrentStep`. One unit: each turn of the sequence needs the one before.
enum RecurrentKernels {
  static let scalar = StepFamily<RecurrentStep>(
    name: "recurrent_tiles",
    cycles: { step in
      let gates = step.cell == .gru ? 3 : 4
      return Double(step.steps * step.hiddenSize) * Double(gates * (step.inputSize + step.hiddenSize)) * 0.7
        + Double(step.steps * step.hiddenSize) * 120
    },
    emit: { step in
      let gates = step.cell == .gru ? 3 : 4
      var next = 1
      func pointer(_ buffer: BufferID?) -> String? {
        guard buffer != nil else { return nil }
        defer { next += 1 }
        return "b[\(next)]"
      }
      let initialHidden = pointer(step.initialHidden)
      let initialCell = pointer(step.initialCell)
      let sequence = pointer(step.sequence)
      let finalHidden = pointer(step.finalHidden)
      let finalCell = pointer(step.finalCell)
      let width = gates * step.hiddenSize
      func load(_ state: String, _ origin: String?) -> String {
        let value = origin.map { "((const float *)\($0))[\(step.stateOffset) + j]" } ?? "0.0f"
        return "for (size_t j = 0; j < HIDDEN; j++) \(state)[j] = \(value);\n"
      }
      func store(_ state: String, _ target: String?) -> String {
        target.map { "for (size_t j = 0; j < HIDDEN; j++) ((float *)\($0))[\(step.stateOffset) + j] = \(state)[j];\n" }
          ?? ""
      }
      let isLSTM = step.cell == .lstm
      var text = """
        enum { STEPS = \(step.steps), INPUT = \(step.inputSize), HIDDEN = \(step.hiddenSize), WIDTH = \(width) };
        const float *x = b[0], *w = c[0], *r = c[1], *input_bias = c[2], *recurrent_bias = c[3];
        float *h = b[\(next)], *gx = h + HIDDEN, *gh = gx + WIDTH, *\(isLSTM ? "cell" : "reset") = gh + WIDTH;

        """
      text += load("h", initialHidden)
      if isLSTM { text += load("cell", initialCell) }
      let recurrentLanes = isLSTM || step.linearBeforeReset ? "WIDTH" : "2 * HIDDEN"
      text += """
        for (size_t step = 0; step < STEPS; step++) {
          const size_t t = \(step.reversed ? "STEPS - 1 - step" : "step");
          kdc_gates(gx, input_bias, w, WIDTH, x + t * INPUT, INPUT, 0, WIDTH);
          kdc_gates(gh, recurrent_bias, r, WIDTH, h, HIDDEN, 0, \(recurrentLanes));
        \(CText.indented(isLSTM ? lstm : gru(step.linearBeforeReset)))
        \(sequence.map { "  for (size_t j = 0; j < HIDDEN; j++) ((float *)\($0))[\(step.sequenceOffset) + t * \(step.sequenceStride) + j] = h[j];\n" } ?? "")}

        """
      text += store("h", finalHidden)
      if isLSTM { text += store("cell", finalCell) }
      return KernelCode(
        body: String(text.dropLast()), workspaceBytes: (2 * step.hiddenSize + 2 * width) * 4,
        packings: [.plain, .plain, .plain, .plain])
    })

  private static let lstm = """
    for (size_t j = 0; j < HIDDEN; j++) {
      const float i = kdc_sigmoidf(gx[j] + gh[j]), o = kdc_sigmoidf(gx[HIDDEN + j] + gh[HIDDEN + j]);
      const float f = kdc_sigmoidf(gx[2 * HIDDEN + j] + gh[2 * HIDDEN + j]);
      const float g = kdc_tanhf(gx[3 * HIDDEN + j] + gh[3 * HIDDEN + j]);
      cell[j] = f * cell[j] + i * g;
      h[j] = o * kdc_tanhf(cell[j]);
    }
    """

  private static func gru(_ linearBeforeReset: Bool) -> String {
    let reset =
      linearBeforeReset
      ? ""
      : """
      for (size_t j = 0; j < HIDDEN; j++) reset[j] = kdc_sigmoidf(gx[HIDDEN + j] + gh[HIDDEN + j]) * h[j];
      kdc_gates(gh, recurrent_bias, r, WIDTH, reset, HIDDEN, 2 * HIDDEN, WIDTH);

      """
    let factor = linearBeforeReset ? "kdc_sigmoidf(gx[HIDDEN + j] + gh[HIDDEN + j]) * " : ""
    return reset + """
      \(linearBeforeReset ? "(void)reset;\n" : "")for (size_t j = 0; j < HIDDEN; j++) {
        const float z = kdc_sigmoidf(gx[j] + gh[j]);
        const float n = kdc_tanhf(gx[2 * HIDDEN + j] + \(factor)gh[2 * HIDDEN + j]);
        h[j] = (1.0f - z) * n + z * h[j];
      }
      """
  }
}
