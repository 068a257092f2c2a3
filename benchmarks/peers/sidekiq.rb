# Sidekiq.
#
#   sidekiq -r sidekiq.rb -q bench                    works until killed
#   ruby sidekiq.rb one|many|stamps JOBS [JOB VALUE]  as produce.py
#
# A thread of the worker writes the counts every 5 ms: a write for each job would let go of Ruby's
# lock each time.
# frozen_string_literal: true

require "sidekiq"

Sidekiq.configure_server { |config| config.redis = { url: ENV.fetch("BENCH_REDIS") } }
Sidekiq.configure_client { |config| config.redis = { url: ENV.fetch("BENCH_REDIS") } }

FOLDER = ENV.fetch("BENCH_FOLDER")
WORKER = ENV.fetch("BENCH_WORKER", "1")

# Python's time.monotonic_ns() reads the same clock.
def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
end

# The jobs that have run, as one slot of the shared counts.
module Ticks
  @counts = []
  @lock = Mutex.new

  def self.tick
    own = Thread.current.thread_variable_get(:ticks) || enter
    own[0] += 1
  end

  def self.enter
    own = [0]
    Thread.current.thread_variable_set(:ticks, own)
    @lock.synchronize do
      @writer ||= Thread.new { write }
      @counts << own
    end
    own
  end

  def self.write
    slot = File.open("#{FOLDER}/slots", "a") do |file|
      file.syswrite(WORKER)
      file.sysseek(0, IO::SEEK_CUR) - 1
    end
    file = File.open("#{FOLDER}/counts", "r+b")
    loop do
      total = @lock.synchronize { @counts.sum(&:first) }
      file.pwrite([total].pack("Q<"), slot * 8)
      sleep 0.005
    end
  end
end

class Noop
  include Sidekiq::Worker
  sidekiq_options queue: "bench"

  def perform(_n)
    Ticks.tick
  end
end

class Stamp
  include Sidekiq::Worker
  sidekiq_options queue: "bench"

  def perform(at)
    File.write("#{FOLDER}/stamps", "#{at} #{now} #{WORKER}\n", mode: "a")
  end
end

class Block
  include Sidekiq::Worker
  sidekiq_options queue: "bench"

  def perform(us)
    sleep us / 1e6
    Ticks.tick
  end
end

class Burn
  include Sidekiq::Worker
  sidekiq_options queue: "bench"

  def perform(us)
    finish = used + us
    nil while used < finish
    Ticks.tick
  end

  def used
    Process.clock_gettime(Process::CLOCK_THREAD_CPUTIME_ID, :float_microsecond)
  end
end

JOBS = { "noop" => Noop, "stamp" => Stamp, "block" => Block, "burn" => Burn }.freeze

def produce(how, jobs, job, value)
  JOBS.fetch(job).perform_async(value)
  started = now
  case how
  when "stamps"
    (jobs - 1).times do
      sleep rand(0.005..0.035)
      Stamp.perform_async(now)
    end
  when "many"
    JOBS.fetch(job).perform_bulk(Array.new(jobs - 1) { [value] }) if jobs > 1
  else
    (jobs - 1).times { JOBS.fetch(job).perform_async(value) }
  end
  puts (now - started) / 1e9
end

if $PROGRAM_NAME == __FILE__
  how, jobs, job, value = ARGV
  produce(how, Integer(jobs), job || "noop", Integer(value || 1))
end
