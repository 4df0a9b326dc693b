#include "decode/gpu/given_up.h"

#include "decode/decoder_pool.h"

namespace fastpass {

Status decode_given_up(const std::vector<const ImagePlan*>& plans, const std::string& backend,
                       Stream stream, BatchDecoder* decoder, std::vector<Status>* statuses) {
  PixelBuffer pixels;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const auto image = static_cast<int>(i);
    if (!decoder->is_given_up(image)) continue;
    const DecoderLease cpu(backend);
    (*statuses)[i] = cpu.get()->decode(plans[i]->jpeg, plans[i]->options, &pixels);
    if (!(*statuses)[i].ok()) continue;
    FASTPASS_RETURN_IF_ERROR(decoder->replace(image, pixels.view(), stream));
  }
  return {};
}

}  // namespace fastpass
