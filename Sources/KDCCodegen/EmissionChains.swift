import KDCKernels
import KDCProgram

extension Emission {
  static func chainName(_ first: Int) -> String { "chain\(first)" }

  /// The kernel of a chain: a table of its links, and the call that runs them.
  static func chainFunction(_ chain: KernelChain, owners: [Int]) -> String {
    let first = chain.steps.lowerBound
    var constants = 0
    var residuals = 0
    var rows = ""
    for (index, link) in zip(chain.steps, chain.links) {
      let g = link.step.geometry
      if link.step.residual != nil { residuals += 1 }
      let window = index + 1 < chain.steps.upperBound ? link.window : nil
      let next = window == nil ? nil : chain.links[index + 1 - first].step
      rows += CText.element([
        "run": "k\(owners[index])", "rows": "\(g.outputHeight)", "height": "\(link.height)",
        "row_bytes": "\(g.outputWidth * g.outputChannels)", "stride": "\(g.strideY)",
        "reach": "\((g.kernelHeight - 1) * g.dilationY + 1)",
        "residual": "\(link.step.residual == nil ? 0 : residuals)", "constants": "\(constants)", "own": "\(link.own)",
        "at": "\(window?.offset ?? 0)", "slots": "\(window?.slots ?? 0)", "slot_bytes": "\(window?.slotBytes ?? 0)",
        "is_ring": "\(window?.padding == nil ? 0 : 1)", "top": "\(window?.padding?.top ?? 0)",
        "left": "\(window?.padding?.leftBytes ?? 0)",
        "outside": "\(window?.padding == nil ? 0 : next?.inputZeroPoint ?? 0)",
      ])
      constants += link.step.constants.count
    }
    let names = zip(chain.steps, chain.links).map { "\($0): '\(CText.comment($1.step.name))'" }
    return """
      // Rows of \(names.joined(separator: ", ")).
      KDC_KERNEL(\(chainName(first))) {
        static const kdc_link links[] = {
      \(CText.indented(rows))  };
        kdc_run_chain(links, \(chain.links.count), \(chain.reads.count + 2), b, c, begin, end);
      }

      """
  }
}
