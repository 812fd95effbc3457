import ArgumentParser

/// `--max-loss`: how far the int8 model's outputs may be from the float model's, as `OutputLoss.loss` counts it.
enum LossLimit: Sendable, Encodable, Hashable {
  /// Whatever int8 gives.
  case none
  /// As near as `usual`; where that cannot be had, a warning.
  case auto
  /// Nothing is written for a model that is further away.
  case share(Double)

  /// 20 dB, a cosine of 0.995, 0.01 nats, or 99 % of the answers.
  static let usual = 0.01

  /// nil where there is none.
  var value: Double? {
    switch self {
    case .none: nil
    case .auto: Self.usual
    case .share(let share): share
    }
  }
}

extension LossLimit: ExpressibleByArgument {
  /// "auto", "none", "0.1%" or "0.001".
  init?(argument: String) {
    switch argument {
    case "none": self = .none
    case "auto": self = .auto
    default:
      let isPercent = argument.hasSuffix("%")
      guard let number = Double(isPercent ? String(argument.dropLast()) : argument), number.isFinite, number > 0
      else { return nil }
      self = .share(isPercent ? number / 100 : number)
    }
  }

  var defaultValueDescription: String {
    switch self {
    case .none: "none"
    case .auto: "auto"
    case .share(let share): "\(share)"
    }
  }
}
