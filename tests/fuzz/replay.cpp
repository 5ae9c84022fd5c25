// Runs a fuzz target on the files that it is given: the corpus, or a finding, without libFuzzer.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size);

namespace {

std::size_t run(const std::filesystem::path &path) {
  std::size_t files = 0;
  if (std::filesystem::is_directory(path)) {
    for (const auto &entry : std::filesystem::directory_iterator(path))
      files += run(entry.path());
    return files;
  }
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> content(std::istreambuf_iterator<char>(file), {});
  const std::vector<std::uint8_t> bytes(content.begin(), content.end());
  std::fprintf(stderr, "%s\n", path.c_str());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  std::size_t files = 0;
  for (int i = 1; i < argc; ++i)
    files += run(argv[i]);
  std::fprintf(stderr, "%zu inputs without a finding\n", files);
  return files == 0;
}
