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
      rows += "      {.run = k\(owners[index]), .rows = \(g.outputHeight), .height = \(link.height), "
      rows += ".row_bytes = \(g.outputWidth * g.outputChannels), .stride = \(g.strideY), "
      rows += ".reach = \((g.kernelHeight - 1) * g.dilationY + 1),\n"
      rows +=
        "       .residual = \(link.step.residual == nil ? 0 : residuals), .constants = \(constants), .own = \(link.own)"
      constants += link.step.constants.count
      if let window = link.window, index + 1 < chain.steps.upperBound {
        let outside = chain.links[index + 1 - first].step.inputZeroPoint
        rows += ",\n       .at = \(window.offset), .slots = \(window.slots), .slot_bytes = \(window.slotBytes)"
        if let padding = window.padding {
          rows += ", .is_ring = 1, .top = \(padding.top), .left = \(padding.leftBytes), .outside = \(outside)"
        }
      }
      rows += "},\n"
    }
    let names = zip(chain.steps, chain.links).map { "\($0): '\(CText.comment($1.step.name))'" }
    return """
      // Rows of \(names.joined(separator: ", ")).
      KDC_KERNEL(\(chainName(first))) {
        static const kdc_link links[] = {
      \(rows)  };
        kdc_run_chain(links, \(chain.links.count), \(chain.reads.count + 2), b, c, begin, end);
      }

      """
  }
}
