#include <png.h>
#include <string.h>

/* libpng's simplified interface; its macros for formats and sizes are no constants that Swift imports. */

/* Reads the header of a PNG in memory. 1, or 0 with the reason in image->message. */
static inline int kdc_png_begin(png_image *image, const void *bytes, size_t count) {
  memset(image, 0, sizeof *image);
  image->version = PNG_IMAGE_VERSION;
  return png_image_begin_read_from_memory(image, bytes, count);
}

/* Decodes to RGBA, 8 bits each, 4 * width * height bytes. 1, or 0 with the reason in image->message. */
static inline int kdc_png_finish(png_image *image, void *rgba) {
  image->format = PNG_FORMAT_RGBA;
  return png_image_finish_read(image, NULL, rgba, 0, NULL);
}
