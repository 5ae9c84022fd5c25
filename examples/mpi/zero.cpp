// Data parallel training over MPI with the optimizer divided among the ranks: stage 1 of ZeRO (S. Rajbhandari et al.,
// 2020, arXiv:1910.02054).
//
// Every rank has all parameters and differentiates its part of the batch, but owns only a shard of the parameters: it
// alone has their optimizer state and takes their step. So the optimizer's memory and time fall as ranks are added. What
// crosses the network is the same as in plain data parallel training, where an allreduce adds up the gradients: that is a
// reduce-scatter, which gives each rank the sums of its shard, and an allgather, which here hands out new parameters.
#include "../network.hpp"
#include <cstdio>
#include <glissade/model.hpp>
#include <mpi.h>
#include <numeric>
#include <unistd.h>

namespace {

// The parameters are cut into so many pieces of equal length and each batch into so many micro-batches, which the ranks
// share. Any number will do that all numbers of ranks divide.
constexpr std::size_t pieces = 12;
constexpr std::size_t micro_batch = 8; // digits
constexpr double max_norm = .4;        // of the gradient, all shards together

struct settings {
  std::string save, resume; // what the names of a checkpoint's files begin with
  std::int64_t steps = 300;
  std::size_t neurons = 64;
  bool fixed_order = false; // add gradients in an order that does not depend on the number of ranks
  bool bf16 = false;        // hand out parameters of 16 bits; the owner's stay floats
};

enum phase { gradient, waiting, reduce_scatter, read_norm, allreduce, step, allgather, phases };
constexpr const char *phase_names[] = {"gradient",  "waiting", "reduce-scatter", "norm",
                                       "allreduce", "step",    "allgather"};
constexpr bool communicates[] = {false, false, true, false, true, false, true};

struct trainer {
  trainer(const std::string &file, const settings &chosen)
      : s(chosen),
        net(random_numbers{2}, s.neurons),
        count(net.param.size()),
        digits(read_digits(file)) {
    if (pieces % ranks != 0) throw std::runtime_error("the number of ranks must divide 12");
    random_numbers random{1};
    shuffle(digits, random);
    net.param.resize(pieces * piece); // the last piece ends with parameters that nothing reads
    net.grad.resize(pieces * piece);
    sum.resize(shard);
    if (s.fixed_order) sent.resize(mine * net.grad.size()), received.resize(pieces * shard);
    std::span<float> own = std::span(net.param).subspan(first * piece, shard);
    if (s.bf16) {
      halves.resize(net.param.size());
      exact.assign(own.begin(), own.end());
      own = exact;
    }
    glissade_adam options = GLISSADE_ADAMW_TORCH;
    options.lr = 3e-3;
    options.threads = 1; // the ranks fill the machine
    for (std::size_t k = 0; k < mine; ++k) {
      optimizers.emplace_back(options);
      optimizers[k].add(own.subspan(k * piece, piece), std::span(sum).subspan(k * piece, piece));
    }
    if (!s.resume.empty()) resume();
    share_parameters();
    std::fill(std::begin(seconds), std::end(seconds), 0.);
  }

  // Returns the mean loss of this rank's part of the batch.
  double take_step() {
    const double loss = s.fixed_order ? add_gradients_in_order() : add_gradients();
    const double summands = double(s.fixed_order ? pieces : ranks);
    norm = std::sqrt(sum_of_squares()) / summands;
    if (!std::isfinite(norm)) throw std::runtime_error("a gradient is not finite"); // on all ranks alike
    for (auto &optimizer : optimizers) {
      optimizer.options().grad_scale = std::min(1., max_norm / (norm + 1e-6)) / summands;
      optimizer.step();
    }
    lap(step);
    ++taken;
    share_parameters();
    return loss;
  }

  // The digits of micro-batch k of this rank are the same ones on any number of ranks.
  void add_micro_batch(std::size_t k, std::vector<const digit *> &batch) const {
    random_numbers random{std::uint64_t(steps()) * pieces + first + k};
    for (std::size_t i = 0; i < micro_batch; ++i)
      batch.push_back(&digits[random.below(test_begin())]);
  }

  // Adds up the ranks' mean gradients; the order is MPI's, and with it the last bits.
  double add_gradients() {
    std::vector<const digit *> batch;
    for (std::size_t k = 0; k < mine; ++k)
      add_micro_batch(k, batch);
    const double loss = net.differentiate(batch);
    lap(gradient);
    wait();
    MPI_Reduce_scatter_block(net.grad.data(), sum.data(), int(shard), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    lap(reduce_scatter);
    return loss;
  }

  // Adds up the mean gradients of the micro-batches from the first to the last. For that the owner of a shard needs
  // every one of them: `mine` times as much as a reduce-scatter moves.
  double add_gradients_in_order() {
    double loss = 0;
    for (std::size_t k = 0; k < mine; ++k) {
      std::vector<const digit *> batch;
      add_micro_batch(k, batch);
      loss += net.differentiate(batch) / double(mine);
      for (std::size_t to = 0; to < ranks; ++to)
        std::copy_n(&net.grad[to * shard], shard, &sent[(to * mine + k) * shard]);
    }
    lap(gradient);
    wait();
    const int each = int(mine * shard);
    MPI_Alltoall(sent.data(), each, MPI_FLOAT, received.data(), each, MPI_FLOAT, MPI_COMM_WORLD);
    std::copy_n(received.data(), shard, sum.data());
    for (std::size_t k = 1; k < pieces; ++k)
      for (std::size_t i = 0; i < shard; ++i)
        sum[i] += received[k * shard + i];
    lap(reduce_scatter);
    return loss;
  }

  // Of the gradients of all shards. Each rank reads its own; for the norm of all it takes one number of each.
  double sum_of_squares() {
    double squares[pieces], total = 0;
    for (std::size_t k = 0; k < mine; ++k) {
      const glissade_grad grad{sizeof grad, piece, &sum[k * piece], {}};
      glissade_norm of{sizeof of, 0, 0, 0, 0};
      glissade::check(glissade_grad_norm(1, &grad, 1, &of));
      total += squares[first + k] = of.sum_of_squares;
    }
    lap(read_norm);
    if (s.fixed_order) { // or of each piece, to be added by everyone from the first to the last
      MPI_Allgather(MPI_IN_PLACE, 0, MPI_DOUBLE, squares, int(mine), MPI_DOUBLE, MPI_COMM_WORLD);
      total = std::accumulate(squares, squares + pieces, 0.);
    } else
      MPI_Allreduce(MPI_IN_PLACE, &total, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    lap(allreduce);
    return total;
  }

  // Each shard to all ranks. Where they get 16 bits, its owner computes the next gradient with these as well.
  void share_parameters() {
    if (s.bf16) {
      const glissade_array own{GLISSADE_BF16, &halves[first * piece], nullptr};
      const glissade_array all{GLISSADE_BF16, halves.data(), nullptr};
      glissade::check(glissade_encode(shard, exact.data(), &own, 0, 0, 0, 1));
      MPI_Allgather(MPI_IN_PLACE, 0, MPI_UINT16_T, halves.data(), int(shard), MPI_UINT16_T, MPI_COMM_WORLD);
      glissade::check(glissade_decode(halves.size(), &all, net.param.data(), 1));
    } else
      MPI_Allgather(MPI_IN_PLACE, 0, MPI_FLOAT, net.param.data(), int(shard), MPI_FLOAT, MPI_COMM_WORLD);
    lap(allgather);
  }

  // A checkpoint has a file for each piece, whoever owns it: another number of ranks can read them.
  void save() const {
    for (std::size_t k = 0; k < mine; ++k) {
      std::ofstream file(s.save + "." + std::to_string(first + k), std::ios::binary);
      optimizers[k].save_with_params(file);
    }
  }

  void resume() {
    std::int64_t bounds[] = {INT64_MAX, INT64_MAX}; // the least step and minus the greatest
    for (std::size_t k = 0; k < mine; ++k) {
      std::ifstream file(s.resume + "." + std::to_string(first + k), std::ios::binary);
      optimizers[k].restore(file);
      bounds[0] = std::min(bounds[0], optimizers[k].steps());
      bounds[1] = std::min(bounds[1], -optimizers[k].steps());
    }
    MPI_Allreduce(MPI_IN_PLACE, bounds, 2, MPI_INT64_T, MPI_MIN, MPI_COMM_WORLD);
    if (bounds[0] != -bounds[1]) throw std::runtime_error("the files are not of one step");
  }

  // What this rank has done, which is much what the others have.
  void report() {
    const double total = std::accumulate(seconds, seconds + phases, 0.);
    double communication = 0;
    for (int p = 0; p < phases; ++p) {
      if (communicates[p]) communication += seconds[p];
      std::printf("%-14s %9.3f ms a step\n", phase_names[p], 1e3 * seconds[p] / double(taken));
    }
    std::printf("communication: %.1f %% of the time\n", 100 * communication / total);
    const auto bytes = [&](std::size_t all) { return double(all) / double(count); };
    std::printf(
        "bytes per parameter: %.2f for parameters and gradients, %.2f for the optimizer, %.2f for buffers\n",
        bytes(4 * (net.param.size() + net.grad.size())), bytes(4 * (2 * shard + exact.size())),
        bytes(4 * (sum.size() + sent.size() + received.size()) + 2 * halves.size()));
    glissade::checksum checksum;
    checksum.add(net.param.data(), count * sizeof(float));
    std::size_t right = 0;
    for (std::size_t i = test_begin(); i < digits.size(); ++i)
      right += net.classify(digits[i]) == digits[i].label;
    std::printf("%zu parameters, %.1f %% of unseen digits right, checksum of the parameters %016llx\n", count,
                100. * double(right) / double(digits.size() - test_begin()),
                static_cast<unsigned long long>(checksum.value()));
  }

  std::int64_t steps() const { return optimizers[0].steps(); }
  std::size_t test_begin() const { return digits.size() - digits.size() / 5; }

  // The time since the last lap was spent in this phase.
  void lap(phase p) {
    const double now = MPI_Wtime();
    seconds[p] += now - last;
    last = now;
  }

  // For the slowest rank, so that its lateness does not count as communication.
  void wait() {
    MPI_Barrier(MPI_COMM_WORLD);
    lap(waiting);
  }

  static std::size_t ask(int (*what)(MPI_Comm, int *)) {
    int answer = 0;
    what(MPI_COMM_WORLD, &answer);
    return static_cast<std::size_t>(answer);
  }

  const settings s;
  const std::size_t ranks = ask(MPI_Comm_size), rank = ask(MPI_Comm_rank);
  network net; // all parameters, and the gradient of this rank's part of the batch
  const std::size_t count, piece = (count + pieces - 1) / pieces; // parameters, and those of a piece
  // This rank's pieces, the number of the first one, and their parameters.
  const std::size_t mine = pieces / ranks, first = rank * mine, shard = mine * piece;
  std::vector<digit> digits;
  std::vector<float> sum;                                 // the gradient of the shard
  std::vector<float> sent, received;                      // gradients of micro-batches
  std::vector<std::uint16_t> halves;                      // all parameters, rounded to bfloat16
  std::vector<float> exact;                               // and the shard's as they are
  std::vector<glissade::model<glissade_adam>> optimizers; // one for each piece
  double seconds[phases] = {}, last = MPI_Wtime();
  std::int64_t taken = 0;
  double norm = 0; // of the last gradient
};

void run(int argc, char **argv) {
  settings s;
  for (int option; (option = getopt(argc, argv, "bfn:r:s:w:")) != -1;) {
    if (option == 'b') s.bf16 = true;
    if (option == 'f') s.fixed_order = true;
    if (option == 'n') s.steps = std::stoll(optarg);
    if (option == 'r') s.resume = optarg;
    if (option == 's') s.save = optarg;
    if (option == 'w') s.neurons = std::stoull(optarg);
    if (option == '?') throw std::runtime_error("see the last lines of zero.cpp");
  }
  if (optind + 1 != argc) throw std::runtime_error("which table of digits?");
  trainer training(argv[optind], s);
  const std::int64_t tenth = std::max<std::int64_t>(s.steps / 10, 1);
  while (training.steps() < s.steps) {
    const double loss = training.take_step();
    if (training.rank == 0 && training.steps() % tenth == 0)
      std::printf("step %4lld: loss %.4f, norm %.17g\n", static_cast<long long>(training.steps()), loss,
                  training.norm);
  }
  if (!s.save.empty()) training.save();
  if (training.rank == 0) training.report();
}

} // namespace

// mpirun -n RANKS zero [-f] [-b] [-n STEPS] [-w NEURONS] [-s CHECKPOINT] [-r CHECKPOINT] DIGITS.csv
// -f adds in a fixed order, -b hands out bfloat16, -s saves a checkpoint, -r resumes from one.
int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  try {
    run(argc, argv);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    MPI_Abort(MPI_COMM_WORLD, 1); // the other ranks wait for this one
  }
  MPI_Finalize();
}
