// Overlap of boxes, as `SuppressionStep` has it.
#pragma once
#include "base.h"

// Low and high ends along the first and the second axis.
KDC_INLINE void kdc_box_edges(const float *box, int centered, float *edges) {
  if (centered) {
    const float a = box[2] * 0.5f, b = box[3] * 0.5f;
    edges[0] = box[0] - a;
    edges[1] = box[0] + a;
    edges[2] = box[1] - b;
    edges[3] = box[1] + b;
  } else {
    const int a = box[0] < box[2], b = box[1] < box[3];
    edges[0] = a ? box[0] : box[2];
    edges[1] = a ? box[2] : box[0];
    edges[2] = b ? box[1] : box[3];
    edges[3] = b ? box[3] : box[1];
  }
}

KDC_INLINE int kdc_boxes_overlap(const float *a, const float *b, int centered, float overlap) {
  float p[4], q[4];
  kdc_box_edges(a, centered, p);
  kdc_box_edges(b, centered, q);
  const float low0 = p[0] > q[0] ? p[0] : q[0], high0 = p[1] < q[1] ? p[1] : q[1];
  const float low1 = p[2] > q[2] ? p[2] : q[2], high1 = p[3] < q[3] ? p[3] : q[3];
  const float side0 = high0 - low0, side1 = high1 - low1;
  if (!(side0 > 0.0f && side1 > 0.0f)) return 0;
  const float shared = side0 * side1;
  const float area_a = (p[1] - p[0]) * (p[3] - p[2]), area_b = (q[1] - q[0]) * (q[3] - q[2]);
  const float both = area_a + area_b - shared;
  return area_a > 0.0f && area_b > 0.0f && both > 0.0f && shared / both > overlap;
}

// Puts `box` from place j of a heap of `count` boxes to where it belongs: the best score, of equal ones the first box, is at the
// root.
KDC_HELPER void kdc_sift_box(int32_t *heap, size_t j, size_t count, int32_t box, const float *score) {
  for (size_t k = 2 * j + 1; k < count; k = 2 * j + 1) {
    if (k + 1 < count) {
      const float a = score[heap[k]], b = score[heap[k + 1]];
      k = b > a || (b == a && heap[k + 1] < heap[k]) ? k + 1 : k;
    }
    const float own = score[box], other = score[heap[k]];
    if (own > other || (own == other && box < heap[k])) break;
    heap[j] = heap[k];
    j = k;
  }
  heap[j] = box;
}
