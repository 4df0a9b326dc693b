// Fuzzing without libFuzzer: seeded mutations of a corpus, reproducible on any machine and
// compiler.
//
//   fuzz_driver [--iterations N | --seconds T] [--seed S] [--examples DIR] [FOLDER or FILE ...]
//   fuzz_driver --write-seeds FOLDER
//
// Every mutant depends on the seed, its number and the corpus alone. When a run dies, its last
// input is written to fuzz-failure.jpg; `fuzz_driver fuzz-failure.jpg --iterations 0` runs that one
// again.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include "differential.h"
#include "mutate.h"
#include "seeds.h"
#include "support/jpeg_files.h"

namespace fastpass_fuzz {
namespace {

struct Arguments {
  std::int64_t iterations = 20000;
  std::int64_t seconds = 0;  // 0: iterations count
  std::uint64_t seed = 1;
  std::vector<std::string> places;
  std::string seeds_folder;
  std::string examples;  // folder for inputs that the decoders take differently
};

constexpr unsigned int kSecondsPerInput = 20;
constexpr char kFailure[] = "fuzz-failure.jpg";

const Bytes* current_input = nullptr;

// Only what a signal handler may call.
void save_input(int signal_number) {
  if (current_input != nullptr) {
    const int file = open(kFailure, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    const bool is_saved = file >= 0 && write(file, current_input->data(), current_input->size()) ==
                                           static_cast<ssize_t>(current_input->size());
    constexpr char kSaved[] = "the input is in fuzz-failure.jpg\n";
    constexpr char kLost[] = "the input could not be written\n";
    const char* text = is_saved ? kSaved : kLost;
    const auto written = write(STDERR_FILENO, text, std::strlen(text));
    static_cast<void>(written);  // nobody is left to tell
  }
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

bool run(const Bytes& input, Tally* tally) {
  current_input = &input;
  alarm(kSecondsPerInput);  // longer is a hang
  const bool is_accepted = compare_decoders({input.data(), input.size()}, tally);
  alarm(0);
  current_input = nullptr;
  return is_accepted;
}

// Twenty inputs of every way to differ, for people to look at.
void keep_example(const std::string& folder, const Bytes& input, const Tally& before,
                  const Tally& after) {
  struct Kind {
    std::int64_t Tally::* count;
    const char* name;
    int num_kept;
  };
  static Kind kinds[] = {{&Tally::only_turbo, "only-turbo", 0},
                         {&Tally::only_other, "only-other", 0},
                         {&Tally::fill_other_pixels, "fill-other-pixels", 0},
                         {&Tally::fill_one_refuses, "fill-one-refuses", 0}};
  for (Kind& kind : kinds) {
    if (after.*kind.count == before.*kind.count || kind.num_kept == 20) continue;
    const std::string name = std::string(kind.name) + "-" + std::to_string(kind.num_kept++);
    std::ofstream stream(folder + "/" + name + ".jpg", std::ios::binary);
    stream.write(reinterpret_cast<const char*>(input.data()),
                 static_cast<std::streamsize>(input.size()));
  }
}

std::vector<Bytes> load_corpus(const std::vector<std::string>& places) {
  std::vector<Bytes> corpus;
  for (const std::string& place : places) {
    if (std::filesystem::is_regular_file(place)) {
      std::ifstream stream(place, std::ios::binary);
      corpus.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
      continue;
    }
    for (auto& file : fastpass_test::read_files(place)) {
      if (file.bytes.size() < kMaxInputBytes) corpus.push_back(std::move(file.bytes));
    }
  }
  return corpus;
}

void fuzz(const Arguments& arguments) {
  std::vector<Bytes> corpus = load_corpus(arguments.places);
  const std::size_t num_given = corpus.size();
  for (Bytes& seed : make_seeds()) corpus.push_back(std::move(seed));
  Tally tally;
  std::vector<const Bytes*> good;  // most mutants of a refused file are refused as well
  for (const Bytes& input : corpus) {
    if (run(input, &tally)) good.push_back(&input);
  }
  const std::time_t begin = std::time(nullptr);
  std::int64_t i = 0;
  for (; arguments.seconds > 0 ? std::time(nullptr) - begin < arguments.seconds
                               : i < arguments.iterations;
       ++i) {
    Random random(arguments.seed * 0x9E3779B97F4A7C15u + static_cast<std::uint64_t>(i));
    const Bytes& any = corpus[random() % corpus.size()];
    const Bytes& base = random() % 8 == 0 ? any : *good[random() % good.size()];
    const Bytes input = mutate(base, any, random);
    const Tally before = tally;
    run(input, &tally);
    if (!arguments.examples.empty()) keep_example(arguments.examples, input, before, tally);
    if (i % 100000 == 99999) print_tally(tally);
  }
  std::printf("%zu given files, %zu seeds, %lld mutants of seed %llu\n", num_given,
              corpus.size() - num_given, static_cast<long long>(i),
              static_cast<unsigned long long>(arguments.seed));
  print_tally(tally);
}

bool write_seeds(const std::string& folder) {
  int number = 0;
  for (const Bytes& seed : make_seeds()) {
    const std::string path = folder + "/seed-" + std::to_string(number++) + ".jpg";
    std::ofstream stream(path, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(seed.data()),
                 static_cast<std::streamsize>(seed.size()));
    if (!stream.flush()) {
      std::fprintf(stderr, "cannot write %s\n", path.c_str());
      return false;
    }
  }
  return true;
}

bool parse(int argc, char** argv, Arguments* arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.rfind("--", 0) != 0) {
      arguments->places.push_back(word);
      continue;
    }
    if (++i == argc) return false;
    const long long number = std::atoll(argv[i]);
    if (word == "--write-seeds") {
      arguments->seeds_folder = argv[i];
    } else if (word == "--examples") {
      arguments->examples = argv[i];
    } else if (word == "--iterations") {
      arguments->iterations = number;
    } else if (word == "--seconds") {
      arguments->seconds = number;
    } else if (word == "--seed") {
      arguments->seed = static_cast<std::uint64_t>(number);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace fastpass_fuzz

// Where AddressSanitizer is linked in: die by a signal, so that the input is saved.
extern "C" const char* __asan_default_options() { return "abort_on_error=1:handle_segv=0"; }

int main(int argc, char** argv) {
  fastpass_fuzz::Arguments arguments;
  if (!fastpass_fuzz::parse(argc, argv, &arguments)) {
    std::fprintf(stderr,
                 "usage: fuzz_driver [--iterations N | --seconds T] [--seed S] [--examples DIR] "
                 "[PLACE ...]\n"
                 "       fuzz_driver --write-seeds FOLDER\n");
    return 2;
  }
  if (!arguments.seeds_folder.empty()) {
    return fastpass_fuzz::write_seeds(arguments.seeds_folder) ? 0 : 1;
  }
  for (const int number : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM}) {
    std::signal(number, fastpass_fuzz::save_input);
  }
  fastpass_fuzz::fuzz(arguments);
  return 0;
}
