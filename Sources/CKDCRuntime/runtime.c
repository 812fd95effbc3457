#include "kdc_model.h"
typedef int kdc_translation_unit_is_not_empty;
