import KDCProgram
import KDCTargets

/// `FloatMatMulStep` in vectors of columns: tiles of some rows, whose sums stay in registers. The right matrix is read as it
/// lies. Reads up to 3 floats past the left matrix.
struct FloatMatMulVectors: KernelFamily {
  let vectors: FloatVectors
  var name: String { "float_matmul_\(vectors.feature.name)" }

  func plan(_ step: FloatMatMulStep, in program: Program, on target: Target) throws(Refusal) -> FloatMatMulPlan {
    try target.require(vectors.feature)
    if step.transposedB { throw Refusal("the right matrix is stored transposed") }
    guard step.columns >= vectors.lanes else { throw Refusal("fewer columns than a vector has lanes") }
    guard step.rows * step.depth < 1 << 28, step.depth * step.columns < 1 << 28, step.rows * step.columns < 1 << 28
    else {
      throw Refusal("the matrices are too large")
    }
    let plans = FloatTile.all(vectors, rows: step.rows).filter { $0.width <= step.columns }.map {
      FloatMatMulPlan(step: step, tile: $0)
    }
    guard let best = plans.min(by: { $0.cycles < $1.cycles }) else { throw Refusal("no tile fits the matrices") }
    return best
  }

  func cycles(_ plan: FloatMatMulPlan) -> Double { plan.cycles }
  func emit(_ plan: FloatMatMulPlan) -> KernelCode {
    KernelCode(numbers: plan.numbers, body: plan.body, units: plan.units)
  }
}

struct FloatMatMulPlan {
  let step: FloatMatMulStep
  let tile: FloatTile
  /// Blocks of rows of a matrix, each of `block` rows; the last one has what remains.
  private let blocks, block: Int

  init(step: FloatMatMulStep, tile: FloatTile) {
    self.step = step
    self.tile = tile
    let wanted = max(1, 8 / step.batch)
    let tiles = (step.rows + tile.rows - 1) / tile.rows
    block = (tiles + wanted - 1) / wanted * tile.rows
    let count = (step.rows + block - 1) / block
    blocks = count > 1 && step.rows - (count - 1) * block < tile.rows ? count - 1 : count
  }

  var units: Int { step.batch * blocks }

  var cycles: Double {
    let panels = (step.columns + tile.width - 1) / tile.width
    let last = step.rows - (blocks - 1) * block
    let tiles = (blocks - 1) * (block / tile.rows) + (last + tile.rows - 1) / tile.rows
    return Double(step.batch * panels * tiles) * tile.cycles(depth: step.depth) + Double(units) * 60
  }

  var numbers: [KernelNumber] {
    [
      .fixed("TILE", tile.rows), .fixed("VECTORS", tile.count), .fixed("PANEL", tile.width),
      .varying("ROWS", step.rows), .varying("COLUMNS", step.columns), .varying("DEPTH", step.depth),
      .varying("BLOCKS", blocks), .varying("BLOCK", block), .varying("STEP_A", step.batchStrideA),
      .varying("STEP_B", step.batchStrideB),
    ]
  }

  var body: String {
    let sums = FloatSums(tile: tile, weightStep: "COLUMNS")
    let inner =
      sums.declaration(first: "kdc_set_\(tile.vectors.suffix)(0)") + "const float *w = right + n;\n"
      + sums.products(step.depth, named: "DEPTH") + sums.stores(tile.width, step: "COLUMNS") { sum, _ in sum }
    return """
        // Tiles of \(tile.rows) rows by \(tile.width) columns; the last ones overlap those before.
        for (int32_t unit = (int32_t)begin; unit < (int32_t)end; unit++) {
          const int32_t batch = unit / BLOCKS, block = unit % BLOCKS;
          const int32_t first = block * BLOCK, count = block < BLOCKS - 1 ? BLOCK : ROWS - first;
          const float *left = (const float *)b[0] + (ptrdiff_t)batch * STEP_A + (ptrdiff_t)first * DEPTH;
          const float *right = (const float *)b[1] + (ptrdiff_t)batch * STEP_B;
          float *output = (float *)b[2] + ((ptrdiff_t)batch * ROWS + first) * COLUMNS;
          for (int32_t column = 0; column < COLUMNS; column += PANEL) {
            const int32_t n = column < COLUMNS - PANEL ? column : COLUMNS - PANEL;
            for (int32_t t = 0; t < count; t += TILE) {
              const int32_t i = t < count - TILE ? t : count - TILE;
              const ptrdiff_t at = (ptrdiff_t)i * COLUMNS + n;
              const float *a[TILE];
              KDC_UNROLL for (int m = 0; m < TILE; m++) a[m] = left + (ptrdiff_t)(i + m) * DEPTH;
      \(indented(inner, 4))      }
          }
        }
      """
  }
}
