/// A loss between a layer of the student and one of the teacher. Each is one declaration, in a file of its own.
package struct LayerLoss: Sendable {
  /// The losses of `kdc distill`; each has the option of its name.
  package static let all = [hint, attention, relational, similarity, information]

  /// What training adds to the student's graph, and removes afterwards.
  enum Helper: Sendable {
    case none
    /// A learned map from the student's channels to the teacher's, which the loss sees in place of the layer.
    case regressor
    /// A regressor, and a learned spread of each of the teacher's channels.
    case regressorAndSpreads
  }

  /// The option: "hint".
  package let name: String
  /// What the option's help says.
  package let help: String
  var helper = Helper.none
  /// Whether the layers must be maps [n, channels, height, width] of more than one place.
  package var needsPlaces = false
  /// Whether the teacher's map is brought to the size of the student's.
  var matchesSizes = true
  /// The sum over samples, with the spreads where the helper has some.
  package let evaluate: @Sendable (_ student: FeatureMap, _ teacher: FeatureMap, _ spreads: [Double]) -> FeatureLoss
}
