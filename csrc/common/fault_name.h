// The names of faults, as those who are told of them know them.
#pragma once

#include "common/status.h"

namespace fastpass {

// Of the exception class in fastpass/errors.py.
inline const char* exception_name(Fault fault) {
  switch (fault) {
    case Fault::kCorruptImage:
      return "CorruptImage";
    case Fault::kUnsupportedImage:
      return "UnsupportedImage";
    case Fault::kImageTooLarge:
      return "ImageTooLarge";
    case Fault::kTooManyScans:
      return "TooManyScans";
    case Fault::kBadPack:
      return "BadPack";
    case Fault::kStalePack:
      return "StalePack";
    case Fault::kBadSeekIndex:
      return "BadSeekIndex";
    case Fault::kReadFailed:
      return "ReadFailed";
    case Fault::kWriteFailed:
      return "WriteFailed";
    case Fault::kOutOfMemory:
      return "OutOfMemory";
    case Fault::kDeviceFailed:
      return "DeviceFailed";
    case Fault::kBadArgument:
      return "BadArgument";
    case Fault::kBadViewOp:
      return "BadViewOp";
    case Fault::kClosed:
      return "Closed";
    case Fault::kNone:
      break;
  }
  return "FastpassError";
}

}  // namespace fastpass
