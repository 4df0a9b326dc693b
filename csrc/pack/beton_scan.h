// The samples of FFCV's files, .beton: which field holds images, and where they lie.
#pragma once

#include "common/status.h"
#include "pack/file.h"
#include "pack/grouping.h"

namespace fastpass {

// By its name, or by its first bytes.
bool is_beton(const File& file);

// Images of our own field (docs/format.md), or of FFCV's RGBImageField where it has written JPEGs.
// Labels are those of the IntField "label". kBadPack: a file that is cut short or of another
// version, tables that point outside it, no field with images or several, pixels in place of JPEGs,
// and reading options for what a .beton does not have.
Status scan_beton(const File& file, const ReadingOptions& options, Contents* contents);

}  // namespace fastpass
