/// One face in a picture, drawn point by point: what it hides, and in which tone.
///
/// Places are in 0…1 of the picture's side, x to the right and y down. Nothing but sums, products, quotients and square roots
/// is used, so that every machine draws the same.
struct DrawnFace {
  var person: FacePerson
  var expression: FaceExpression
  /// Middle of the head.
  var x: Float
  var y: Float
  /// Half the head's height.
  var size: Float
  /// Tangent of the angle by which the head leans.
  var lean: Float
  /// Change of the skin's tone from the middle to the right and to the bottom.
  var light: (right: Float, down: Float)

  private var cosine: Float { 1 / (1 + lean * lean).squareRoot() }

  /// Middle, width and height of the head's bounding box, without the hair around it.
  var box: [Float] {
    let (cosine, sine) = (cosine, lean * cosine)
    let width = person.width
    let across = (width * width * cosine * cosine + sine * sine).squareRoot()
    let along = (width * width * sine * sine + cosine * cosine).squareRoot()
    return [x, y, 2 * size * across, 2 * size * along]
  }

  /// The tone at a point where `ground` is behind the face; `pixel` is a pixel's side, over which edges are soft.
  func tone(_ px: Float, _ py: Float, over ground: Float, pixel: Float) -> Float {
    let (dx, dy) = ((px - x) / size, (py - y) / size)
    guard dx * dx + dy * dy < 1.7 else { return ground }
    let cosine = cosine
    // Face coordinates: u across, v down, 1 is half the head's height.
    let (u, v) = ((dx + dy * lean) * cosine, (dy - dx * lean) * cosine)
    return features(u, v, over: ground, soft: pixel / size)
  }

  private func features(_ u: Float, _ v: Float, over ground: Float, soft: Float) -> Float {
    /// 1 inside, 0 outside, a ramp as wide as a pixel between.
    func edge(_ inside: Float) -> Float { min(max(inside / soft + 0.5, 0), 1) }
    func length(_ a: Float, _ b: Float) -> Float { (a * a + b * b).squareRoot() }
    var tone = ground
    func paint(_ cover: Float, _ paint: Float) { tone += cover * (paint - tone) }
    let across = u / person.width
    let inHead = edge((1 - length(across, v)) * person.width)
    let shaded = person.skin * (1 + light.right * u + light.down * v)

    // Hair behind the head, the head, the fringe, the beard.
    paint(edge((1.12 - length(across, v + 0.07)) * person.width) * edge(person.hairline + 0.35 - v), person.hair)
    guard inHead > 0 else { return tone }
    paint(inHead, shaded)
    paint(inHead * edge(person.hairline + 0.1 * (1 - across * across) - v), person.hair)
    paint(inHead * person.beard * 0.8 * edge((v - 0.28 - 0.22 * (1 - abs(across))) / 2), person.hair * 0.75)

    // Eyes, glasses and brows, alike on both sides.
    let (side, down) = (abs(u) - person.eyeDistance, v + 0.15)
    let height = person.eyeSize * 0.65 * (1 + expression.stare)
    let inEye = edge((1 - length(side / person.eyeSize, down / height)) * height)
    paint(inEye, min(1, shaded * 0.3 + 0.68))
    paint(inEye * edge(person.eyeSize * 0.5 - length(side, down)), 0.05)
    let rim = length(side, down) - person.eyeSize * 1.6
    paint(person.glasses * 0.9 * edge(0.04 - abs(rim)), 0.06)
    paint(
      person.glasses * 0.8 * edge(0.03 - abs(v + 0.17)) * edge(person.eyeDistance - person.eyeSize * 1.6 - abs(u)), 0.06
    )
    let brow = -0.37 - expression.browRise - expression.frown * side
    paint(
      0.9 * edge(person.browThickness - abs(v - brow)) * edge(person.eyeSize * 1.4 - abs(side)),
      min(person.hair * 0.7, 0.35))

    // The nose, a bit wider further down.
    let nose = 0.035 + 0.1 * min(max(v, 0), 0.3)
    paint(0.5 * edge(nose - abs(u)) * edge(v + 0.05) * edge(person.noseLength - v), shaded * 0.6)

    // The mouth: a parabola, thicker in the middle where it is open.
    let half = person.mouthWidth * (1 + expression.stretch)
    let place = min(1, abs(u) / half)
    let middle = person.mouthHeight - expression.smile * (2 * place * place - 1)
    let thickness = 0.035 + expression.opening * (1 - place * place).squareRoot()
    let below = abs(v - middle) - thickness
    // Lips, which a beard leaves free.
    paint(edge(0.05 - below) * edge(half + 0.05 - abs(u)), shaded)
    paint(0.92 * edge(-below) * edge(half - abs(u)), 0.12)
    return tone
  }
}
