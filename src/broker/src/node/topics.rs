//! Topics that come into being because somebody uses them (`AutoTopicCreationManager`).

use super::Node;
use ottla_base::ids::{CONSUMER_OFFSETS_TOPIC, is_internal_topic};
use ottla_core::controller::requests::{CreatableTopic, CreateTopics, Request, Response};
use ottla_core::controller::topics::validate_topic_name;
use ottla_core::errors::KafkaError;

/// How long a request waits for a topic that it makes (design D14).
const WAIT_MS: i32 = 2_000;

impl Node {
    /// Makes topics on behalf of a client and waits until they are served here. Returns what each is to be answered with;
    /// NONE means that the image has it now.
    pub async fn auto_create_topics(&self, names: &[String]) -> Vec<(String, KafkaError)> {
        let mut results = Vec::new();
        let mut topics = Vec::new();
        for name in names {
            if validate_topic_name(name).is_err() {
                results.push((name.clone(), KafkaError::InvalidTopicException));
            } else if is_internal_topic(name) {
                let made = self.ensure_internal_topic(name).await;
                results.push((name.clone(), made.err().unwrap_or(KafkaError::None)));
            } else {
                // −1 stands for the broker's defaults.
                topics.push(CreatableTopic::new(name.clone(), -1, -1));
            }
        }
        if topics.is_empty() {
            return results;
        }
        let asked: Vec<String> = topics.iter().map(|t| t.name.clone()).collect();
        match self
            .controller
            .request_and_apply(Request::CreateTopics(CreateTopics { topics, validate_only: false }), WAIT_MS)
            .await
        {
            Ok(Response::CreateTopics(created)) => {
                for topic in created {
                    let error = match topic.error.error {
                        KafkaError::None | KafkaError::TopicAlreadyExists => KafkaError::None,
                        other => {
                            tracing::warn!(
                                "Auto topic creation failed for {} with error '{}'",
                                topic.name,
                                other.name()
                            );
                            // What Kafka answers while, and when, creation does not succeed.
                            KafkaError::UnknownTopicOrPartition
                        }
                    };
                    results.push((topic.name, error));
                }
            }
            _ => results.extend(asked.into_iter().map(|name| (name, KafkaError::UnknownTopicOrPartition))),
        }
        results
    }

    /// Makes an internal topic if it is not there, with Kafka's configuration for it, and waits until it is served.
    pub async fn ensure_internal_topic(&self, name: &str) -> Result<(), KafkaError> {
        if self.metadata.image().topic(name).is_some() {
            return Ok(());
        }
        if name != CONSUMER_OFFSETS_TOPIC {
            // The coordinators of the others do not exist yet, so nothing would use them.
            return Err(KafkaError::UnknownTopicOrPartition);
        }
        let _one_at_a_time = self.creating.lock().await;
        if self.metadata.image().topic(name).is_some() {
            return Ok(());
        }
        let groups = &self.config.groups;
        let mut topic =
            CreatableTopic::new(name, groups.offsets_topic_num_partitions, groups.offsets_topic_replication_factor);
        topic.configs = vec![
            ("cleanup.policy".into(), Some("compact".into())),
            ("compression.type".into(), Some("producer".into())),
            ("segment.bytes".into(), Some(groups.offsets_topic_segment_bytes.to_string())),
        ];
        let request = Request::CreateTopics(CreateTopics { topics: vec![topic], validate_only: false });
        match self.controller.request_and_apply(request, WAIT_MS).await {
            Ok(Response::CreateTopics(created)) => match created.first().map(|t| &t.error) {
                Some(error) if error.error == KafkaError::None || error.error == KafkaError::TopicAlreadyExists => {
                    Ok(())
                }
                Some(error) => {
                    tracing::warn!("{name} cannot be created: {error}");
                    Err(KafkaError::CoordinatorNotAvailable)
                }
                None => Err(KafkaError::CoordinatorNotAvailable),
            },
            _ => Err(KafkaError::CoordinatorNotAvailable),
        }
    }
}
