//! What kafka-protocol has of the table, for tests that compare the two.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

/// Calls `$f!(key, Type)` for each request of kafka-protocol.
macro_rules! crate_requests {
    ($f:ident) => {{
        $f!(0, ProduceRequest);
        $f!(1, FetchRequest);
        $f!(2, ListOffsetsRequest);
        $f!(3, MetadataRequest);
        $f!(8, OffsetCommitRequest);
        $f!(9, OffsetFetchRequest);
        $f!(10, FindCoordinatorRequest);
        $f!(11, JoinGroupRequest);
        $f!(12, HeartbeatRequest);
        $f!(13, LeaveGroupRequest);
        $f!(14, SyncGroupRequest);
        $f!(15, DescribeGroupsRequest);
        $f!(16, ListGroupsRequest);
        $f!(17, SaslHandshakeRequest);
        $f!(18, ApiVersionsRequest);
        $f!(19, CreateTopicsRequest);
        $f!(20, DeleteTopicsRequest);
        $f!(21, DeleteRecordsRequest);
        $f!(22, InitProducerIdRequest);
        $f!(23, OffsetForLeaderEpochRequest);
        $f!(24, AddPartitionsToTxnRequest);
        $f!(25, AddOffsetsToTxnRequest);
        $f!(26, EndTxnRequest);
        $f!(27, WriteTxnMarkersRequest);
        $f!(28, TxnOffsetCommitRequest);
        $f!(29, DescribeAclsRequest);
        $f!(30, CreateAclsRequest);
        $f!(31, DeleteAclsRequest);
        $f!(32, DescribeConfigsRequest);
        $f!(33, AlterConfigsRequest);
        $f!(34, AlterReplicaLogDirsRequest);
        $f!(35, DescribeLogDirsRequest);
        $f!(36, SaslAuthenticateRequest);
        $f!(37, CreatePartitionsRequest);
        $f!(38, CreateDelegationTokenRequest);
        $f!(39, RenewDelegationTokenRequest);
        $f!(40, ExpireDelegationTokenRequest);
        $f!(41, DescribeDelegationTokenRequest);
        $f!(42, DeleteGroupsRequest);
        $f!(43, ElectLeadersRequest);
        $f!(44, IncrementalAlterConfigsRequest);
        $f!(45, AlterPartitionReassignmentsRequest);
        $f!(46, ListPartitionReassignmentsRequest);
        $f!(47, OffsetDeleteRequest);
        $f!(48, DescribeClientQuotasRequest);
        $f!(49, AlterClientQuotasRequest);
        $f!(50, DescribeUserScramCredentialsRequest);
        $f!(51, AlterUserScramCredentialsRequest);
        $f!(52, VoteRequest);
        $f!(53, BeginQuorumEpochRequest);
        $f!(54, EndQuorumEpochRequest);
        $f!(55, DescribeQuorumRequest);
        $f!(56, AlterPartitionRequest);
        $f!(57, UpdateFeaturesRequest);
        $f!(58, EnvelopeRequest);
        $f!(59, FetchSnapshotRequest);
        $f!(60, DescribeClusterRequest);
        $f!(61, DescribeProducersRequest);
        $f!(62, BrokerRegistrationRequest);
        $f!(63, BrokerHeartbeatRequest);
        $f!(64, UnregisterBrokerRequest);
        $f!(65, DescribeTransactionsRequest);
        $f!(66, ListTransactionsRequest);
        $f!(67, AllocateProducerIdsRequest);
        $f!(68, ConsumerGroupHeartbeatRequest);
        $f!(69, ConsumerGroupDescribeRequest);
        $f!(70, ControllerRegistrationRequest);
        $f!(71, GetTelemetrySubscriptionsRequest);
        $f!(72, PushTelemetryRequest);
        $f!(73, AssignReplicasToDirsRequest);
        $f!(74, ListConfigResourcesRequest);
        $f!(75, DescribeTopicPartitionsRequest);
        $f!(76, ShareGroupHeartbeatRequest);
        $f!(77, ShareGroupDescribeRequest);
        $f!(78, ShareFetchRequest);
        $f!(79, ShareAcknowledgeRequest);
        $f!(80, AddRaftVoterRequest);
        $f!(81, RemoveRaftVoterRequest);
        $f!(82, UpdateRaftVoterRequest);
        $f!(83, InitializeShareGroupStateRequest);
        $f!(84, ReadShareGroupStateRequest);
        $f!(85, WriteShareGroupStateRequest);
        $f!(86, DeleteShareGroupStateRequest);
        $f!(87, ReadShareGroupStateSummaryRequest);
        $f!(90, DescribeShareGroupOffsetsRequest);
        $f!(91, AlterShareGroupOffsetsRequest);
        $f!(92, DeleteShareGroupOffsetsRequest);
    }};
}

/// Calls `$f!(index of the shape, module::Type)` for each struct of these requests.
macro_rules! crate_structs {
    ($f:ident) => {{
        $f!(0, produce_request::ProduceRequest);
        $f!(1, produce_request::TopicProduceData);
        $f!(2, produce_request::PartitionProduceData);
        $f!(3, fetch_request::FetchRequest);
        $f!(4, fetch_request::ReplicaState);
        $f!(5, fetch_request::FetchTopic);
        $f!(6, fetch_request::FetchPartition);
        $f!(7, fetch_request::ForgottenTopic);
        $f!(8, list_offsets_request::ListOffsetsRequest);
        $f!(9, list_offsets_request::ListOffsetsTopic);
        $f!(10, list_offsets_request::ListOffsetsPartition);
        $f!(11, metadata_request::MetadataRequest);
        $f!(12, metadata_request::MetadataRequestTopic);
        $f!(13, offset_commit_request::OffsetCommitRequest);
        $f!(14, offset_commit_request::OffsetCommitRequestTopic);
        $f!(15, offset_commit_request::OffsetCommitRequestPartition);
        $f!(16, offset_fetch_request::OffsetFetchRequest);
        $f!(17, offset_fetch_request::OffsetFetchRequestTopic);
        $f!(18, offset_fetch_request::OffsetFetchRequestGroup);
        $f!(19, offset_fetch_request::OffsetFetchRequestTopics);
        $f!(20, find_coordinator_request::FindCoordinatorRequest);
        $f!(21, join_group_request::JoinGroupRequest);
        $f!(22, join_group_request::JoinGroupRequestProtocol);
        $f!(23, heartbeat_request::HeartbeatRequest);
        $f!(24, leave_group_request::LeaveGroupRequest);
        $f!(25, leave_group_request::MemberIdentity);
        $f!(26, sync_group_request::SyncGroupRequest);
        $f!(27, sync_group_request::SyncGroupRequestAssignment);
        $f!(28, describe_groups_request::DescribeGroupsRequest);
        $f!(29, list_groups_request::ListGroupsRequest);
        $f!(30, sasl_handshake_request::SaslHandshakeRequest);
        $f!(31, api_versions_request::ApiVersionsRequest);
        $f!(32, create_topics_request::CreateTopicsRequest);
        $f!(33, create_topics_request::CreatableTopic);
        $f!(34, create_topics_request::CreatableReplicaAssignment);
        $f!(35, create_topics_request::CreatableTopicConfig);
        $f!(36, delete_topics_request::DeleteTopicsRequest);
        $f!(37, delete_topics_request::DeleteTopicState);
        $f!(38, delete_records_request::DeleteRecordsRequest);
        $f!(39, delete_records_request::DeleteRecordsTopic);
        $f!(40, delete_records_request::DeleteRecordsPartition);
        $f!(41, init_producer_id_request::InitProducerIdRequest);
        $f!(
            42,
            offset_for_leader_epoch_request::OffsetForLeaderEpochRequest
        );
        $f!(43, offset_for_leader_epoch_request::OffsetForLeaderTopic);
        $f!(
            44,
            offset_for_leader_epoch_request::OffsetForLeaderPartition
        );
        $f!(45, add_partitions_to_txn_request::AddPartitionsToTxnRequest);
        $f!(
            46,
            add_partitions_to_txn_request::AddPartitionsToTxnTransaction
        );
        $f!(47, add_partitions_to_txn_request::AddPartitionsToTxnTopic);
        $f!(48, add_offsets_to_txn_request::AddOffsetsToTxnRequest);
        $f!(49, end_txn_request::EndTxnRequest);
        $f!(50, write_txn_markers_request::WriteTxnMarkersRequest);
        $f!(51, write_txn_markers_request::WritableTxnMarker);
        $f!(52, write_txn_markers_request::WritableTxnMarkerTopic);
        $f!(53, txn_offset_commit_request::TxnOffsetCommitRequest);
        $f!(54, txn_offset_commit_request::TxnOffsetCommitRequestTopic);
        $f!(
            55,
            txn_offset_commit_request::TxnOffsetCommitRequestPartition
        );
        $f!(56, describe_acls_request::DescribeAclsRequest);
        $f!(57, create_acls_request::CreateAclsRequest);
        $f!(58, create_acls_request::AclCreation);
        $f!(59, delete_acls_request::DeleteAclsRequest);
        $f!(60, delete_acls_request::DeleteAclsFilter);
        $f!(61, describe_configs_request::DescribeConfigsRequest);
        $f!(62, describe_configs_request::DescribeConfigsResource);
        $f!(63, alter_configs_request::AlterConfigsRequest);
        $f!(64, alter_configs_request::AlterConfigsResource);
        $f!(65, alter_configs_request::AlterableConfig);
        $f!(
            66,
            alter_replica_log_dirs_request::AlterReplicaLogDirsRequest
        );
        $f!(67, alter_replica_log_dirs_request::AlterReplicaLogDir);
        $f!(68, alter_replica_log_dirs_request::AlterReplicaLogDirTopic);
        $f!(69, describe_log_dirs_request::DescribeLogDirsRequest);
        $f!(70, describe_log_dirs_request::DescribableLogDirTopic);
        $f!(71, sasl_authenticate_request::SaslAuthenticateRequest);
        $f!(72, create_partitions_request::CreatePartitionsRequest);
        $f!(73, create_partitions_request::CreatePartitionsTopic);
        $f!(74, create_partitions_request::CreatePartitionsAssignment);
        $f!(
            75,
            create_delegation_token_request::CreateDelegationTokenRequest
        );
        $f!(76, create_delegation_token_request::CreatableRenewers);
        $f!(
            77,
            renew_delegation_token_request::RenewDelegationTokenRequest
        );
        $f!(
            78,
            expire_delegation_token_request::ExpireDelegationTokenRequest
        );
        $f!(
            79,
            describe_delegation_token_request::DescribeDelegationTokenRequest
        );
        $f!(
            80,
            describe_delegation_token_request::DescribeDelegationTokenOwner
        );
        $f!(81, delete_groups_request::DeleteGroupsRequest);
        $f!(82, elect_leaders_request::ElectLeadersRequest);
        $f!(83, elect_leaders_request::TopicPartitions);
        $f!(
            84,
            incremental_alter_configs_request::IncrementalAlterConfigsRequest
        );
        $f!(85, incremental_alter_configs_request::AlterConfigsResource);
        $f!(86, incremental_alter_configs_request::AlterableConfig);
        $f!(
            87,
            alter_partition_reassignments_request::AlterPartitionReassignmentsRequest
        );
        $f!(88, alter_partition_reassignments_request::ReassignableTopic);
        $f!(
            89,
            alter_partition_reassignments_request::ReassignablePartition
        );
        $f!(
            90,
            list_partition_reassignments_request::ListPartitionReassignmentsRequest
        );
        $f!(
            91,
            list_partition_reassignments_request::ListPartitionReassignmentsTopics
        );
        $f!(92, offset_delete_request::OffsetDeleteRequest);
        $f!(93, offset_delete_request::OffsetDeleteRequestTopic);
        $f!(94, offset_delete_request::OffsetDeleteRequestPartition);
        $f!(
            95,
            describe_client_quotas_request::DescribeClientQuotasRequest
        );
        $f!(96, describe_client_quotas_request::ComponentData);
        $f!(97, alter_client_quotas_request::AlterClientQuotasRequest);
        $f!(98, alter_client_quotas_request::EntryData);
        $f!(99, alter_client_quotas_request::EntityData);
        $f!(100, alter_client_quotas_request::OpData);
        $f!(
            101,
            describe_user_scram_credentials_request::DescribeUserScramCredentialsRequest
        );
        $f!(102, describe_user_scram_credentials_request::UserName);
        $f!(
            103,
            alter_user_scram_credentials_request::AlterUserScramCredentialsRequest
        );
        $f!(
            104,
            alter_user_scram_credentials_request::ScramCredentialDeletion
        );
        $f!(
            105,
            alter_user_scram_credentials_request::ScramCredentialUpsertion
        );
        $f!(106, vote_request::VoteRequest);
        $f!(107, vote_request::TopicData);
        $f!(108, vote_request::PartitionData);
        $f!(109, begin_quorum_epoch_request::BeginQuorumEpochRequest);
        $f!(110, begin_quorum_epoch_request::TopicData);
        $f!(111, begin_quorum_epoch_request::PartitionData);
        $f!(112, begin_quorum_epoch_request::LeaderEndpoint);
        $f!(113, end_quorum_epoch_request::EndQuorumEpochRequest);
        $f!(114, end_quorum_epoch_request::TopicData);
        $f!(115, end_quorum_epoch_request::PartitionData);
        $f!(116, end_quorum_epoch_request::ReplicaInfo);
        $f!(117, end_quorum_epoch_request::LeaderEndpoint);
        $f!(118, describe_quorum_request::DescribeQuorumRequest);
        $f!(119, describe_quorum_request::TopicData);
        $f!(120, describe_quorum_request::PartitionData);
        $f!(121, alter_partition_request::AlterPartitionRequest);
        $f!(122, alter_partition_request::TopicData);
        $f!(123, alter_partition_request::PartitionData);
        $f!(124, alter_partition_request::BrokerState);
        $f!(125, update_features_request::UpdateFeaturesRequest);
        $f!(126, update_features_request::FeatureUpdateKey);
        $f!(127, envelope_request::EnvelopeRequest);
        $f!(128, fetch_snapshot_request::FetchSnapshotRequest);
        $f!(129, fetch_snapshot_request::TopicSnapshot);
        $f!(130, fetch_snapshot_request::PartitionSnapshot);
        $f!(131, fetch_snapshot_request::SnapshotId);
        $f!(132, describe_cluster_request::DescribeClusterRequest);
        $f!(133, describe_producers_request::DescribeProducersRequest);
        $f!(134, describe_producers_request::TopicRequest);
        $f!(135, broker_registration_request::BrokerRegistrationRequest);
        $f!(136, broker_registration_request::Listener);
        $f!(137, broker_registration_request::Feature);
        $f!(138, broker_heartbeat_request::BrokerHeartbeatRequest);
        $f!(139, unregister_broker_request::UnregisterBrokerRequest);
        $f!(
            140,
            describe_transactions_request::DescribeTransactionsRequest
        );
        $f!(141, list_transactions_request::ListTransactionsRequest);
        $f!(
            142,
            allocate_producer_ids_request::AllocateProducerIdsRequest
        );
        $f!(
            143,
            consumer_group_heartbeat_request::ConsumerGroupHeartbeatRequest
        );
        $f!(144, consumer_group_heartbeat_request::TopicPartitions);
        $f!(
            145,
            consumer_group_describe_request::ConsumerGroupDescribeRequest
        );
        $f!(
            146,
            controller_registration_request::ControllerRegistrationRequest
        );
        $f!(147, controller_registration_request::Listener);
        $f!(148, controller_registration_request::Feature);
        $f!(
            149,
            get_telemetry_subscriptions_request::GetTelemetrySubscriptionsRequest
        );
        $f!(150, push_telemetry_request::PushTelemetryRequest);
        $f!(
            151,
            assign_replicas_to_dirs_request::AssignReplicasToDirsRequest
        );
        $f!(152, assign_replicas_to_dirs_request::DirectoryData);
        $f!(153, assign_replicas_to_dirs_request::TopicData);
        $f!(154, assign_replicas_to_dirs_request::PartitionData);
        $f!(
            155,
            list_config_resources_request::ListConfigResourcesRequest
        );
        $f!(
            156,
            describe_topic_partitions_request::DescribeTopicPartitionsRequest
        );
        $f!(157, describe_topic_partitions_request::TopicRequest);
        $f!(158, describe_topic_partitions_request::Cursor);
        $f!(
            159,
            share_group_heartbeat_request::ShareGroupHeartbeatRequest
        );
        $f!(160, share_group_describe_request::ShareGroupDescribeRequest);
        $f!(161, share_fetch_request::ShareFetchRequest);
        $f!(162, share_fetch_request::FetchTopic);
        $f!(163, share_fetch_request::FetchPartition);
        $f!(164, share_fetch_request::AcknowledgementBatch);
        $f!(165, share_fetch_request::ForgottenTopic);
        $f!(166, share_acknowledge_request::ShareAcknowledgeRequest);
        $f!(167, share_acknowledge_request::AcknowledgeTopic);
        $f!(168, share_acknowledge_request::AcknowledgePartition);
        $f!(169, share_acknowledge_request::AcknowledgementBatch);
        $f!(170, add_raft_voter_request::AddRaftVoterRequest);
        $f!(171, add_raft_voter_request::Listener);
        $f!(172, remove_raft_voter_request::RemoveRaftVoterRequest);
        $f!(173, update_raft_voter_request::UpdateRaftVoterRequest);
        $f!(174, update_raft_voter_request::Listener);
        $f!(175, update_raft_voter_request::KRaftVersionFeature);
        $f!(
            176,
            initialize_share_group_state_request::InitializeShareGroupStateRequest
        );
        $f!(
            177,
            initialize_share_group_state_request::InitializeStateData
        );
        $f!(178, initialize_share_group_state_request::PartitionData);
        $f!(
            179,
            read_share_group_state_request::ReadShareGroupStateRequest
        );
        $f!(180, read_share_group_state_request::ReadStateData);
        $f!(181, read_share_group_state_request::PartitionData);
        $f!(
            182,
            write_share_group_state_request::WriteShareGroupStateRequest
        );
        $f!(183, write_share_group_state_request::WriteStateData);
        $f!(184, write_share_group_state_request::PartitionData);
        $f!(185, write_share_group_state_request::StateBatch);
        $f!(
            186,
            delete_share_group_state_request::DeleteShareGroupStateRequest
        );
        $f!(187, delete_share_group_state_request::DeleteStateData);
        $f!(188, delete_share_group_state_request::PartitionData);
        $f!(
            189,
            read_share_group_state_summary_request::ReadShareGroupStateSummaryRequest
        );
        $f!(
            190,
            read_share_group_state_summary_request::ReadStateSummaryData
        );
        $f!(191, read_share_group_state_summary_request::PartitionData);
        $f!(
            202,
            describe_share_group_offsets_request::DescribeShareGroupOffsetsRequest
        );
        $f!(
            203,
            describe_share_group_offsets_request::DescribeShareGroupOffsetsRequestGroup
        );
        $f!(
            204,
            describe_share_group_offsets_request::DescribeShareGroupOffsetsRequestTopic
        );
        $f!(
            205,
            alter_share_group_offsets_request::AlterShareGroupOffsetsRequest
        );
        $f!(
            206,
            alter_share_group_offsets_request::AlterShareGroupOffsetsRequestTopic
        );
        $f!(
            207,
            alter_share_group_offsets_request::AlterShareGroupOffsetsRequestPartition
        );
        $f!(
            208,
            delete_share_group_offsets_request::DeleteShareGroupOffsetsRequest
        );
        $f!(
            209,
            delete_share_group_offsets_request::DeleteShareGroupOffsetsRequestTopic
        );
    }};
}

pub(crate) use {crate_requests, crate_structs};
