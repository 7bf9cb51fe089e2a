//! Producers, idempotent and not: they send, lose answers, send again in order, and hold the node to what it answered.

use super::bugs::Bug;
use super::model::{Promise, key_of};
use super::node::Token;
use super::world::{Done, Tp, World};
use super::{Run, Stop, ensure, violation};
use bytes::Bytes;
use ottla_base::rng::Rng;
use ottla_core::log::{AppendBatch, AppendError, AppendInfo, AppendOrigin};
use ottla_core::partition::{Acks, AppendFailure, Work};
use ottla_record::batch::{BatchBuilder, increment_sequence};
use ottla_record::compression::{Compression, CompressionType};
use std::collections::VecDeque;

/// A batch that has not been acknowledged.
#[derive(Clone, Debug)]
pub struct Sent {
    pub batch: Bytes,
    pub key: u64,
    first_seq: i32,
    /// It was delivered at least once, so it may be in the log.
    delivered: bool,
    /// It was delivered, and the answer waits for the high watermark.
    pub parked: bool,
}

/// One producer, for one partition.
#[derive(Debug)]
pub struct Producer {
    number: usize,
    tp: Tp,
    /// Its topic is gone.
    retired: bool,
    /// None: not idempotent.
    id: Option<i64>,
    epoch: i16,
    next_seq: i32,
    acks: Acks,
    codec: CompressionType,
    sent: u64,
    /// The connection is gone; answers come to nobody until everything is sent again.
    disconnected: bool,
    /// A batch was refused for want of room. What came after it may have been taken, by a log that knew nothing of this
    /// producer yet (as in Kafka).
    refused: bool,
    pub inflight: VecDeque<Sent>,
}

const MAX_INFLIGHT: usize = 4;

impl Producer {
    pub fn new(number: usize, tp: Tp, rng: &mut Rng) -> Producer {
        let idempotent = !rng.one_in(4);
        let acks = if idempotent || rng.one_in(2) { Acks::All } else { Acks::Leader };
        // Some are about to wrap their sequence.
        let next_seq = if rng.one_in(6) { i32::MAX - rng.below(6) as i32 } else { 0 };
        Producer {
            number,
            tp,
            retired: false,
            // Ids are not used again, numbers are.
            id: idempotent.then(|| (rng.below(1 << 40) as i64) * 100 + number as i64),
            epoch: 0,
            next_seq,
            // Idempotence asks for acks=all in clients; the log does not.
            acks: if idempotent && rng.one_in(4) { Acks::Leader } else { acks },
            codec: CompressionType::ALL[rng.below(5) as usize],
            sent: 0,
            disconnected: false,
            refused: false,
            inflight: VecDeque::new(),
        }
    }

    /// The topic is gone, and with it whatever is in flight.
    pub fn retire(&mut self, tp: &Tp) {
        if self.tp == *tp {
            self.retired = true;
            self.inflight.clear();
        }
    }

    pub fn is_retired(&self) -> bool {
        self.retired
    }

    /// Builds one more batch.
    fn prepare(&mut self, wall_ms: i64, rng: &mut Rng) -> Run {
        let mut builder = BatchBuilder::new(0);
        builder.compression(Compression::of(self.codec));
        let first_seq = if let Some(id) = self.id {
            builder.producer(id, self.epoch, self.next_seq);
            self.next_seq
        } else {
            -1
        };
        let count = 1 + rng.below(4);
        for n in 0..count {
            let mut value = vec![0; rng.below(90) as usize];
            value.iter_mut().for_each(|b| *b = rng.next_u64() as u8);
            // Clients' clocks differ, so times of records go up and down a little.
            let time = wall_ms - rng.below(400) as i64 + n as i64;
            let key = format!("{}/{}", self.number, self.sent);
            self.sent += 1;
            builder.append_kv(time, Some(key.as_bytes()), Some(&value));
        }
        let batch = builder.build()?;
        self.next_seq = increment_sequence(self.next_seq, count as i32);
        let key = key_of(&batch);
        self.inflight.push_back(Sent { batch, key, first_seq, delivered: false, parked: false });
        Ok(())
    }

    fn work(&self, sent: &Sent, bug: Option<Bug>) -> Run<Work<Token>> {
        let unchecked = bug == Some(Bug::DuplicatesUnchecked);
        Ok(Work {
            batches: vec![AppendBatch::new(&sent.batch).map_err(|e| Stop::Violation(e.to_string()))?],
            origin: if unchecked { AppendOrigin::Coordinator } else { AppendOrigin::Client },
            acks: self.acks,
            token: Token::Producer(self.number, sent.key),
        })
    }

    /// A new epoch, as a client does after an error that it cannot repair. What is in flight is given up.
    fn bump_epoch(&mut self) {
        self.epoch += 1;
        self.next_seq = 0;
        self.refused = false;
        self.inflight.clear();
    }
}

impl World {
    /// One or several producers of a partition send, each one or several batches, in one go.
    pub fn produce(&mut self) -> Run {
        self.append_owed()?;
        let tp = self.random_tp();
        let of_topic: Vec<usize> =
            self.producers.iter().filter(|p| p.tp == tp && !p.retired).map(|p| p.number).collect();
        if of_topic.is_empty() {
            return Ok(());
        }
        let mut works = Vec::new();
        for _ in 0..1 + self.rng.below(3) {
            let n = of_topic[self.rng.below(of_topic.len() as u64) as usize];
            let (now, bug) = (self.now.wall_ms, self.bug);
            let producer = &mut self.producers[n];
            // While something may have to be sent again, nothing new is sent before it.
            let undelivered = producer.inflight.iter().any(|sent| !sent.parked);
            if producer.inflight.len() >= MAX_INFLIGHT || undelivered {
                continue;
            }
            for _ in 0..1 + self.rng.below(2) {
                producer.prepare(now, &mut self.rng)?;
                let sent = producer.inflight.back_mut().expect("just prepared");
                sent.delivered = true;
                let sent = sent.clone();
                works.push(producer.work(&sent, bug)?);
            }
            let codec = match producer.codec {
                CompressionType::None => "batch: none",
                CompressionType::Gzip => "batch: gzip",
                CompressionType::Snappy => "batch: snappy",
                CompressionType::Lz4 => "batch: lz4",
                CompressionType::Zstd => "batch: zstd",
            };
            self.saw(codec);
        }
        self.deliver(&tp, works)
    }

    /// Somebody who has no answer yet sends everything again, in order.
    pub fn retry(&mut self) -> Run {
        let n = self.rng.below(self.producers.len() as u64) as usize;
        self.send_again(n)
    }

    fn send_again(&mut self, n: usize) -> Run {
        self.append_owed()?;
        let producer = &self.producers[n];
        if producer.inflight.is_empty() {
            return Ok(());
        }
        let bug = self.bug;
        let works = producer.inflight.iter().map(|sent| producer.work(sent, bug)).collect::<Run<Vec<_>>>()?;
        let tp = producer.tp.clone();
        self.saw("retry");
        self.producers[n].disconnected = false;
        for sent in &mut self.producers[n].inflight {
            (sent.delivered, sent.parked) = (true, false);
        }
        self.deliver(&tp, works)
    }

    /// Sends until everything is acknowledged, or nothing helps.
    pub fn send_all(&mut self, n: usize) -> Run {
        for _ in 0..4 {
            if self.producers[n].retired {
                break;
            }
            self.send_again(n)?;
            let tp = self.producers[n].tp.clone();
            self.catch_up(&tp)?;
        }
        Ok(())
    }

    fn deliver(&mut self, tp: &Tp, works: Vec<Work<Token>>) -> Run {
        if works.is_empty() {
            return Ok(());
        }
        if self.bug == Some(Bug::AckBeforeWrite) && self.rng.one_in(4) {
            // The rest of the works is lost with the lie.
            if let Some(work) = works.into_iter().next() {
                if let Token::Producer(n, key) = work.token {
                    let end = self.topic(tp).model.end;
                    self.topic(tp).model.acknowledge(end, key, Promise::All);
                    self.producers[n].inflight.retain(|sent| sent.key != key);
                }
                self.owed.push((tp.clone(), work));
            }
            return Ok(());
        }
        // A request that hits a replica that does not lead is tried again.
        let tokens: Vec<Token> = works.iter().map(|w| w.token).collect();
        let done = self.append(tp, works)?;
        for token in tokens {
            if let Token::Producer(n, key) = token
                && !done.iter().any(|(t, _)| *t == token)
                && let Some(sent) = self.producers[n].inflight.iter_mut().find(|s| s.key == key)
            {
                sent.parked = true;
            }
        }
        self.on_done(tp, done)
    }

    /// What the planted bug of answering before writing leaves to be written.
    fn append_owed(&mut self) -> Run {
        for (tp, work) in std::mem::take(&mut self.owed) {
            if !self.topics.contains_key(&tp) {
                continue;
            }
            self.append(&tp, vec![work])?;
        }
        Ok(())
    }

    /// Answers reach producers; some get lost on the way.
    pub fn on_done(&mut self, tp: &Tp, done: Done) -> Run {
        let mut broken = None;
        for (token, result) in done {
            let Token::Producer(n, key) = token else { continue };
            let unheard = self.producers[n].disconnected;
            if unheard && matches!(&result, Err(e) if !matches!(e, AppendFailure::Log(AppendError::Storage(_)))) {
                self.forget_parked(n, key);
                continue;
            }
            match result {
                Ok(info) => self.on_appended(tp, n, key, info)?,
                Err(AppendFailure::NotLeader) => self.forget_parked(n, key),
                Err(AppendFailure::NotEnoughReplicas { .. }) => {
                    self.saw("append refused: in-sync replicas");
                    self.forget_parked(n, key);
                }
                Err(AppendFailure::NotEnoughReplicasAfterAppend) => self.forget_parked(n, key),
                Err(AppendFailure::Log(AppendError::Storage(error))) => {
                    self.forget_parked(n, key);
                    if error.is_disk_full() {
                        ensure!(self.is_full(), "the disk is full without being full: {error}");
                        self.producers[n].refused = true;
                        self.saw("append refused: full disk");
                    } else {
                        broken = Some(error);
                    }
                }
                Err(AppendFailure::Log(AppendError::OutOfOrderSequence(text))) => {
                    self.on_out_of_order(tp, n, key, &text)?
                }
                Err(AppendFailure::Log(error)) => return violation(format!("producer {n} is refused: {error}")),
            }
        }
        match broken {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn forget_parked(&mut self, n: usize, key: u64) {
        if let Some(sent) = self.producers[n].inflight.iter_mut().find(|s| s.key == key) {
            sent.parked = false;
        }
    }

    fn on_appended(&mut self, tp: &Tp, n: usize, key: u64, info: AppendInfo) -> Run {
        let acks = self.producers[n].acks;
        let (first, last) = (info.first_offset, info.last_offset);
        let log = self.replica(tp)?.log();
        let (mark, end, point, start) =
            (log.high_watermark(), log.log_end_offset(), log.recovery_point(), log.log_start_offset());
        let flush_first = self.topic(tp).flush_first;
        ensure!(last < end, "an acknowledged batch ends at {last}, the log at {end}");
        ensure!(acks == Acks::Leader || last < mark, "acks=all is answered at {last}, the high watermark is {mark}");
        if flush_first && point <= last {
            // A batch from before a restart that was sent again: nothing else asks for its flush.
            let request = self.replica(tp)?.log_mut().flush_request(end)?;
            if let Some(request) = request {
                self.flush(tp, &request)?;
            }
            let point = self.replica(tp)?.log().recovery_point();
            ensure!(point > last, "a flush up to {end} leaves the recovery point at {point}");
        }
        if self.producers[n].disconnected || self.rng.one_in(10) {
            self.producers[n].disconnected = true;
            self.producers[n].inflight.iter_mut().for_each(|sent| sent.parked = false);
            self.note("an answer is lost");
            return Ok(());
        }
        let stopped = self.disk.sim.is_stopped();
        let topic = self.topic(tp);
        if first >= start && !stopped {
            let held = topic.model.batches.get(&first);
            ensure!(
                held.is_some_and(|b| b.key == key && b.last == last),
                "producer {n} is told {first}..={last}, where the log has {held:?}"
            );
        }
        topic.model.acknowledge(first, key, if acks == Acks::All { Promise::All } else { Promise::Leader });
        if flush_first {
            node_flushed(topic, last);
        }
        self.producers[n].inflight.retain(|sent| sent.key != key);
        let line = format!("{tp:?} producer {n} has {first}..={last}");
        self.note(&line);
        self.saw(if info.duplicate { "ack of a duplicate" } else { "ack" });
        Ok(())
    }

    /// Right only if the log has lost what came before, or knows this batch and has forgotten that it does.
    fn on_out_of_order(&mut self, tp: &Tp, n: usize, key: u64, text: &str) -> Run {
        let producer = &self.producers[n];
        let Some(at) = producer.inflight.iter().position(|s| s.key == key) else { return Ok(()) };
        if at > 0 {
            // The one before it was refused; both are sent again.
            self.forget_parked(n, key);
            return Ok(());
        }
        let sent = &producer.inflight[at];
        let (id, epoch, seq) = (producer.id.unwrap_or(-1), producer.epoch, sent.first_seq);
        let model = &self.topics[tp].model;
        let known = model.batches.values().any(|b| b.key == key);
        if let Some((last_epoch, last_seq, _)) = model.producer(id) {
            let in_order = last_epoch == epoch && seq == increment_sequence(last_seq, 1);
            let begins = last_epoch < epoch && seq == 0;
            ensure!(known || !(in_order || begins), "sequence {seq} of {id} is refused: {text}");
            // Producers leave out nothing.
            ensure!(known || model.losses > 0 || producer.refused, "a gap without a loss: {text}");
        }
        let line = format!("producer {n}: {text}");
        self.note(&line);
        self.producers[n].bump_epoch();
        self.saw("epoch of a producer bumped");
        Ok(())
    }
}

/// Whoever waits for the flush has been told that it happened.
fn node_flushed(topic: &mut super::world::Topic, last: i64) {
    topic.model.flushed = topic.model.flushed.max(last + 1);
}
