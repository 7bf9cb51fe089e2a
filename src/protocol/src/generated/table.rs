//! Every API of Apache Kafka, and the shape of its request in every stable version.
//!
//! Written by `scripts/generate` from the message schemas of Apache Kafka 4.3.1; do not edit.

use crate::api::{Api, Listener};
use crate::audit::{ANY, Shape, blob, fixed, shape, sub, text};

/// All APIs, ordered by key.
#[rustfmt::skip]
pub static APIS: &[Api] = &[
    Api { key: 0, name: "Produce", min_version: 3, max_version: 13, flexible_from: Some(9), listeners: &[Listener::Broker], root: 0 },
    Api { key: 1, name: "Fetch", min_version: 4, max_version: 18, flexible_from: Some(12), listeners: &[Listener::Broker, Listener::Controller], root: 3 },
    Api { key: 2, name: "ListOffsets", min_version: 1, max_version: 11, flexible_from: Some(6), listeners: &[Listener::Broker], root: 8 },
    Api { key: 3, name: "Metadata", min_version: 0, max_version: 13, flexible_from: Some(9), listeners: &[Listener::Broker], root: 11 },
    Api { key: 8, name: "OffsetCommit", min_version: 2, max_version: 10, flexible_from: Some(8), listeners: &[Listener::Broker], root: 13 },
    Api { key: 9, name: "OffsetFetch", min_version: 1, max_version: 10, flexible_from: Some(6), listeners: &[Listener::Broker], root: 16 },
    Api { key: 10, name: "FindCoordinator", min_version: 0, max_version: 6, flexible_from: Some(3), listeners: &[Listener::Broker], root: 20 },
    Api { key: 11, name: "JoinGroup", min_version: 0, max_version: 9, flexible_from: Some(6), listeners: &[Listener::Broker], root: 21 },
    Api { key: 12, name: "Heartbeat", min_version: 0, max_version: 4, flexible_from: Some(4), listeners: &[Listener::Broker], root: 23 },
    Api { key: 13, name: "LeaveGroup", min_version: 0, max_version: 5, flexible_from: Some(4), listeners: &[Listener::Broker], root: 24 },
    Api { key: 14, name: "SyncGroup", min_version: 0, max_version: 5, flexible_from: Some(4), listeners: &[Listener::Broker], root: 26 },
    Api { key: 15, name: "DescribeGroups", min_version: 0, max_version: 6, flexible_from: Some(5), listeners: &[Listener::Broker], root: 28 },
    Api { key: 16, name: "ListGroups", min_version: 0, max_version: 5, flexible_from: Some(3), listeners: &[Listener::Broker], root: 29 },
    Api { key: 17, name: "SaslHandshake", min_version: 0, max_version: 1, flexible_from: None, listeners: &[Listener::Broker, Listener::Controller], root: 30 },
    Api { key: 18, name: "ApiVersions", min_version: 0, max_version: 4, flexible_from: Some(3), listeners: &[Listener::Broker, Listener::Controller], root: 31 },
    Api { key: 19, name: "CreateTopics", min_version: 2, max_version: 7, flexible_from: Some(5), listeners: &[Listener::Broker, Listener::Controller], root: 32 },
    Api { key: 20, name: "DeleteTopics", min_version: 1, max_version: 6, flexible_from: Some(4), listeners: &[Listener::Broker, Listener::Controller], root: 36 },
    Api { key: 21, name: "DeleteRecords", min_version: 0, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker], root: 38 },
    Api { key: 22, name: "InitProducerId", min_version: 0, max_version: 5, flexible_from: Some(2), listeners: &[Listener::Broker], root: 41 },
    Api { key: 23, name: "OffsetForLeaderEpoch", min_version: 2, max_version: 4, flexible_from: Some(4), listeners: &[Listener::Broker], root: 42 },
    Api { key: 24, name: "AddPartitionsToTxn", min_version: 0, max_version: 5, flexible_from: Some(3), listeners: &[Listener::Broker], root: 45 },
    Api { key: 25, name: "AddOffsetsToTxn", min_version: 0, max_version: 4, flexible_from: Some(3), listeners: &[Listener::Broker], root: 48 },
    Api { key: 26, name: "EndTxn", min_version: 0, max_version: 5, flexible_from: Some(3), listeners: &[Listener::Broker], root: 49 },
    Api { key: 27, name: "WriteTxnMarkers", min_version: 1, max_version: 2, flexible_from: Some(1), listeners: &[Listener::Broker], root: 50 },
    Api { key: 28, name: "TxnOffsetCommit", min_version: 0, max_version: 5, flexible_from: Some(3), listeners: &[Listener::Broker], root: 53 },
    Api { key: 29, name: "DescribeAcls", min_version: 1, max_version: 3, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 56 },
    Api { key: 30, name: "CreateAcls", min_version: 1, max_version: 3, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 57 },
    Api { key: 31, name: "DeleteAcls", min_version: 1, max_version: 3, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 59 },
    Api { key: 32, name: "DescribeConfigs", min_version: 1, max_version: 4, flexible_from: Some(4), listeners: &[Listener::Broker, Listener::Controller], root: 61 },
    Api { key: 33, name: "AlterConfigs", min_version: 0, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 63 },
    Api { key: 34, name: "AlterReplicaLogDirs", min_version: 1, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker], root: 66 },
    Api { key: 35, name: "DescribeLogDirs", min_version: 1, max_version: 5, flexible_from: Some(2), listeners: &[Listener::Broker], root: 69 },
    Api { key: 36, name: "SaslAuthenticate", min_version: 0, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 71 },
    Api { key: 37, name: "CreatePartitions", min_version: 0, max_version: 3, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 72 },
    Api { key: 38, name: "CreateDelegationToken", min_version: 1, max_version: 3, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 75 },
    Api { key: 39, name: "RenewDelegationToken", min_version: 1, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 77 },
    Api { key: 40, name: "ExpireDelegationToken", min_version: 1, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 78 },
    Api { key: 41, name: "DescribeDelegationToken", min_version: 1, max_version: 3, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 79 },
    Api { key: 42, name: "DeleteGroups", min_version: 0, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker], root: 81 },
    Api { key: 43, name: "ElectLeaders", min_version: 0, max_version: 2, flexible_from: Some(2), listeners: &[Listener::Broker, Listener::Controller], root: 82 },
    Api { key: 44, name: "IncrementalAlterConfigs", min_version: 0, max_version: 1, flexible_from: Some(1), listeners: &[Listener::Broker, Listener::Controller], root: 84 },
    Api { key: 45, name: "AlterPartitionReassignments", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 87 },
    Api { key: 46, name: "ListPartitionReassignments", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 90 },
    Api { key: 47, name: "OffsetDelete", min_version: 0, max_version: 0, flexible_from: None, listeners: &[Listener::Broker], root: 92 },
    Api { key: 48, name: "DescribeClientQuotas", min_version: 0, max_version: 1, flexible_from: Some(1), listeners: &[Listener::Broker], root: 95 },
    Api { key: 49, name: "AlterClientQuotas", min_version: 0, max_version: 1, flexible_from: Some(1), listeners: &[Listener::Broker, Listener::Controller], root: 97 },
    Api { key: 50, name: "DescribeUserScramCredentials", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 101 },
    Api { key: 51, name: "AlterUserScramCredentials", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 103 },
    Api { key: 52, name: "Vote", min_version: 0, max_version: 2, flexible_from: Some(0), listeners: &[Listener::Controller], root: 106 },
    Api { key: 53, name: "BeginQuorumEpoch", min_version: 0, max_version: 1, flexible_from: Some(1), listeners: &[Listener::Controller], root: 109 },
    Api { key: 54, name: "EndQuorumEpoch", min_version: 0, max_version: 1, flexible_from: Some(1), listeners: &[Listener::Controller], root: 113 },
    Api { key: 55, name: "DescribeQuorum", min_version: 0, max_version: 2, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 118 },
    Api { key: 56, name: "AlterPartition", min_version: 2, max_version: 3, flexible_from: Some(2), listeners: &[Listener::Controller], root: 121 },
    Api { key: 57, name: "UpdateFeatures", min_version: 0, max_version: 2, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 125 },
    Api { key: 58, name: "Envelope", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Controller], root: 127 },
    Api { key: 59, name: "FetchSnapshot", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Controller], root: 128 },
    Api { key: 60, name: "DescribeCluster", min_version: 0, max_version: 2, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 132 },
    Api { key: 61, name: "DescribeProducers", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 133 },
    Api { key: 62, name: "BrokerRegistration", min_version: 0, max_version: 4, flexible_from: Some(0), listeners: &[Listener::Controller], root: 135 },
    Api { key: 63, name: "BrokerHeartbeat", min_version: 0, max_version: 2, flexible_from: Some(0), listeners: &[Listener::Controller], root: 138 },
    Api { key: 64, name: "UnregisterBroker", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 139 },
    Api { key: 65, name: "DescribeTransactions", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 140 },
    Api { key: 66, name: "ListTransactions", min_version: 0, max_version: 2, flexible_from: Some(0), listeners: &[Listener::Broker], root: 141 },
    Api { key: 67, name: "AllocateProducerIds", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Controller], root: 142 },
    Api { key: 68, name: "ConsumerGroupHeartbeat", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker], root: 143 },
    Api { key: 69, name: "ConsumerGroupDescribe", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker], root: 145 },
    Api { key: 70, name: "ControllerRegistration", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Controller], root: 146 },
    Api { key: 71, name: "GetTelemetrySubscriptions", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 149 },
    Api { key: 72, name: "PushTelemetry", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 150 },
    Api { key: 73, name: "AssignReplicasToDirs", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Controller], root: 151 },
    Api { key: 74, name: "ListConfigResources", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker], root: 155 },
    Api { key: 75, name: "DescribeTopicPartitions", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 156 },
    Api { key: 76, name: "ShareGroupHeartbeat", min_version: 1, max_version: 1, flexible_from: Some(1), listeners: &[Listener::Broker], root: 159 },
    Api { key: 77, name: "ShareGroupDescribe", min_version: 1, max_version: 1, flexible_from: Some(1), listeners: &[Listener::Broker], root: 160 },
    Api { key: 78, name: "ShareFetch", min_version: 1, max_version: 2, flexible_from: Some(1), listeners: &[Listener::Broker], root: 161 },
    Api { key: 79, name: "ShareAcknowledge", min_version: 1, max_version: 2, flexible_from: Some(1), listeners: &[Listener::Broker], root: 166 },
    Api { key: 80, name: "AddRaftVoter", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 170 },
    Api { key: 81, name: "RemoveRaftVoter", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker, Listener::Controller], root: 172 },
    Api { key: 82, name: "UpdateRaftVoter", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Controller], root: 173 },
    Api { key: 83, name: "InitializeShareGroupState", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 176 },
    Api { key: 84, name: "ReadShareGroupState", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 179 },
    Api { key: 85, name: "WriteShareGroupState", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker], root: 182 },
    Api { key: 86, name: "DeleteShareGroupState", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 186 },
    Api { key: 87, name: "ReadShareGroupStateSummary", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker], root: 189 },
    Api { key: 88, name: "StreamsGroupHeartbeat", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 192 },
    Api { key: 89, name: "StreamsGroupDescribe", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 201 },
    Api { key: 90, name: "DescribeShareGroupOffsets", min_version: 0, max_version: 1, flexible_from: Some(0), listeners: &[Listener::Broker], root: 202 },
    Api { key: 91, name: "AlterShareGroupOffsets", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 205 },
    Api { key: 92, name: "DeleteShareGroupOffsets", min_version: 0, max_version: 0, flexible_from: Some(0), listeners: &[Listener::Broker], root: 208 },
];

/// Shapes of requests and of the structs in them; a number in the table is an index into it.
#[rustfmt::skip]
pub(crate) static SHAPES: &[Shape] = &[
    // Produce
    shape(88, &[text(3, ANY).null(3, 13), fixed(6, 3, ANY), sub(1, 3, ANY).array()]),
    shape(96, &[text(3, 12), fixed(16, 13, ANY), sub(2, 3, ANY).array()]),
    shape(64, &[fixed(4, 3, ANY), blob(3, ANY).null(3, 13)]),
    // Fetch
    shape(208, &[text(12, ANY).null(12, 18).tag(0), fixed(4, 4, 14), sub(4, 15, ANY).tag(1), fixed(13, 4, ANY), fixed(8, 7, ANY), sub(5, 4, ANY).array(), sub(7, 7, ANY).array(), text(11, ANY)]),
    shape(40, &[fixed(12, 15, ANY)]),
    shape(96, &[text(4, 12), fixed(16, 13, ANY), sub(6, 4, ANY).array()]),
    shape(80, &[fixed(4, 4, ANY), fixed(4, 9, ANY), fixed(8, 4, ANY), fixed(4, 12, ANY), fixed(8, 5, ANY), fixed(4, 4, ANY), fixed(16, 17, ANY).tag(0), fixed(8, 18, ANY).tag(1)]),
    shape(96, &[text(7, 12), fixed(16, 13, ANY), fixed(4, 7, ANY).array()]),
    // ListOffsets
    shape(64, &[fixed(4, 1, ANY), fixed(1, 2, ANY), sub(9, 1, ANY).array(), fixed(4, 10, ANY)]),
    shape(80, &[text(1, ANY), sub(10, 1, ANY).array()]),
    shape(40, &[fixed(4, 1, ANY), fixed(4, 4, ANY), fixed(8, 1, ANY)]),
    // Metadata
    shape(56, &[sub(12, 0, ANY).array().null(1, 13), fixed(1, 4, ANY), fixed(1, 8, 10), fixed(1, 8, ANY)]),
    shape(72, &[fixed(16, 10, ANY), text(0, ANY).null(10, 13)]),
    // OffsetCommit
    shape(160, &[text(2, ANY), fixed(4, 2, ANY), text(2, ANY), text(7, ANY).null(7, 10), fixed(8, 2, 4), sub(14, 2, ANY).array()]),
    shape(96, &[text(2, 9), fixed(16, 10, ANY), sub(15, 2, ANY).array()]),
    shape(72, &[fixed(12, 2, ANY), fixed(4, 6, ANY), text(2, ANY).null(2, 10)]),
    // OffsetFetch
    shape(112, &[text(1, 7), sub(17, 1, 7).array().null(2, 7), sub(18, 8, ANY).array(), fixed(1, 7, ANY)]),
    shape(80, &[text(1, 7), fixed(4, 1, 7).array()]),
    shape(120, &[text(8, ANY), text(9, ANY).null(9, 10), fixed(4, 9, ANY), sub(19, 8, ANY).array().null(8, 10)]),
    shape(96, &[text(8, 9), fixed(16, 10, ANY), fixed(4, 8, ANY).array()]),
    // FindCoordinator
    shape(88, &[text(0, 3), fixed(1, 1, ANY), text(4, ANY).array()]),
    // JoinGroup
    shape(216, &[text(0, ANY), fixed(4, 0, ANY), fixed(4, 1, ANY), text(0, ANY), text(5, ANY).null(5, 9), text(0, ANY), sub(22, 0, ANY).array(), text(8, ANY).null(8, 9)]),
    shape(88, &[text(0, ANY), blob(0, ANY)]),
    // Heartbeat
    shape(128, &[text(0, ANY), fixed(4, 0, ANY), text(0, ANY), text(3, ANY).null(3, 4)]),
    // LeaveGroup
    shape(112, &[text(0, ANY), text(0, 2), sub(25, 3, ANY).array()]),
    shape(120, &[text(3, ANY), text(3, ANY).null(3, 5), text(5, ANY).null(5, 5)]),
    // SyncGroup
    shape(216, &[text(0, ANY), fixed(4, 0, ANY), text(0, ANY), text(3, ANY).null(3, 5), text(5, ANY).null(5, 5), text(5, ANY).null(5, 5), sub(27, 0, ANY).array()]),
    shape(88, &[text(0, ANY), blob(0, ANY)]),
    // DescribeGroups
    shape(56, &[text(0, ANY).array(), fixed(1, 3, ANY)]),
    // ListGroups
    shape(72, &[text(4, ANY).array(), text(5, ANY).array()]),
    // SaslHandshake
    shape(56, &[text(0, ANY)]),
    // ApiVersions
    shape(88, &[text(3, ANY), text(3, ANY)]),
    // CreateTopics
    shape(56, &[sub(33, 2, ANY).array(), fixed(5, 2, ANY)]),
    shape(112, &[text(2, ANY), fixed(6, 2, ANY), sub(34, 2, ANY).array(), sub(35, 2, ANY).array()]),
    shape(56, &[fixed(4, 2, ANY), fixed(4, 2, ANY).array()]),
    shape(88, &[text(2, ANY), text(2, ANY).null(2, 7)]),
    // DeleteTopics
    shape(80, &[sub(37, 6, ANY).array(), text(1, 5).array(), fixed(4, 1, ANY)]),
    shape(72, &[text(6, ANY).null(6, 6), fixed(16, 6, ANY)]),
    // DeleteRecords
    shape(56, &[sub(39, 0, ANY).array(), fixed(4, 0, ANY)]),
    shape(80, &[text(0, ANY), sub(40, 0, ANY).array()]),
    shape(40, &[fixed(12, 0, ANY)]),
    // InitProducerId
    shape(72, &[text(0, ANY).null(0, 5), fixed(4, 0, ANY), fixed(10, 3, ANY)]),
    // OffsetForLeaderEpoch
    shape(56, &[fixed(4, 3, ANY), sub(43, 2, ANY).array()]),
    shape(80, &[text(2, ANY), sub(44, 2, ANY).array()]),
    shape(40, &[fixed(12, 2, ANY)]),
    // AddPartitionsToTxn
    shape(120, &[sub(46, 4, ANY).array(), text(0, 3), fixed(10, 0, 3), sub(47, 0, 3).array()]),
    shape(96, &[text(4, ANY), fixed(11, 4, ANY), sub(47, 4, ANY).array()]),
    shape(80, &[text(0, ANY), fixed(4, 0, ANY).array()]),
    // AddOffsetsToTxn
    shape(104, &[text(0, ANY), fixed(10, 0, ANY), text(0, ANY)]),
    // EndTxn
    shape(72, &[text(0, ANY), fixed(11, 0, ANY)]),
    // WriteTxnMarkers
    shape(48, &[sub(51, 1, ANY).array()]),
    shape(64, &[fixed(11, 1, ANY), sub(52, 1, ANY).array(), fixed(4, 1, ANY), fixed(1, 2, ANY)]),
    shape(80, &[text(1, ANY), fixed(4, 1, ANY).array()]),
    // TxnOffsetCommit
    shape(192, &[text(0, ANY), text(0, ANY), fixed(10, 0, ANY), fixed(4, 3, ANY), text(3, ANY), text(3, ANY).null(3, 5), sub(54, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(55, 0, ANY).array()]),
    shape(72, &[fixed(12, 0, ANY), fixed(4, 2, ANY), text(0, ANY).null(0, 5)]),
    // DescribeAcls
    shape(128, &[fixed(1, 1, ANY), text(1, ANY).null(1, 3), fixed(1, 1, ANY), text(1, ANY).null(1, 3), text(1, ANY).null(1, 3), fixed(2, 1, ANY)]),
    // CreateAcls
    shape(48, &[sub(58, 1, ANY).array()]),
    shape(128, &[fixed(1, 1, ANY), text(1, ANY), fixed(1, 1, ANY), text(1, ANY), text(1, ANY), fixed(2, 1, ANY)]),
    // DeleteAcls
    shape(48, &[sub(60, 1, ANY).array()]),
    shape(128, &[fixed(1, 1, ANY), text(1, ANY).null(1, 3), fixed(1, 1, ANY), text(1, ANY).null(1, 3), text(1, ANY).null(1, 3), fixed(2, 1, ANY)]),
    // DescribeConfigs
    shape(56, &[sub(62, 1, ANY).array(), fixed(1, 1, ANY), fixed(1, 3, ANY)]),
    shape(88, &[fixed(1, 1, ANY), text(1, ANY), text(1, ANY).array().null(1, 4)]),
    // AlterConfigs
    shape(56, &[sub(64, 0, ANY).array(), fixed(1, 0, ANY)]),
    shape(88, &[fixed(1, 0, ANY), text(0, ANY), sub(65, 0, ANY).array()]),
    shape(88, &[text(0, ANY), text(0, ANY).null(0, 2)]),
    // AlterReplicaLogDirs
    shape(48, &[sub(67, 1, ANY).array()]),
    shape(80, &[text(1, ANY), sub(68, 1, ANY).array()]),
    shape(80, &[text(1, ANY), fixed(4, 1, ANY).array()]),
    // DescribeLogDirs
    shape(48, &[sub(70, 1, ANY).array().null(1, 5)]),
    shape(80, &[text(1, ANY), fixed(4, 1, ANY).array()]),
    // SaslAuthenticate
    shape(56, &[blob(0, ANY)]),
    // CreatePartitions
    shape(56, &[sub(73, 0, ANY).array(), fixed(5, 0, ANY)]),
    shape(88, &[text(0, ANY), fixed(4, 0, ANY), sub(74, 0, ANY).array().null(0, 3)]),
    shape(48, &[fixed(4, 0, ANY).array()]),
    // CreateDelegationToken
    shape(120, &[text(3, ANY).null(3, 3), text(3, ANY).null(3, 3), sub(76, 1, ANY).array(), fixed(8, 1, ANY)]),
    shape(88, &[text(1, ANY), text(1, ANY)]),
    // RenewDelegationToken
    shape(64, &[blob(1, ANY), fixed(8, 1, ANY)]),
    // ExpireDelegationToken
    shape(64, &[blob(1, ANY), fixed(8, 1, ANY)]),
    // DescribeDelegationToken
    shape(48, &[sub(80, 1, ANY).array().null(1, 3)]),
    shape(88, &[text(1, ANY), text(1, ANY)]),
    // DeleteGroups
    shape(48, &[text(0, ANY).array()]),
    // ElectLeaders
    shape(56, &[fixed(1, 1, ANY), sub(83, 0, ANY).array().null(0, 2), fixed(4, 0, ANY)]),
    shape(80, &[text(0, ANY), fixed(4, 0, ANY).array()]),
    // IncrementalAlterConfigs
    shape(56, &[sub(85, 0, ANY).array(), fixed(1, 0, ANY)]),
    shape(88, &[fixed(1, 0, ANY), text(0, ANY), sub(86, 0, ANY).array()]),
    shape(96, &[text(0, ANY), fixed(1, 0, ANY), text(0, ANY).null(0, 1)]),
    // AlterPartitionReassignments
    shape(56, &[fixed(4, 0, ANY), fixed(1, 1, ANY), sub(88, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(89, 0, ANY).array()]),
    shape(56, &[fixed(4, 0, ANY), fixed(4, 0, ANY).array().null(0, 1)]),
    // ListPartitionReassignments
    shape(56, &[fixed(4, 0, ANY), sub(91, 0, ANY).array().null(0, 0)]),
    shape(80, &[text(0, ANY), fixed(4, 0, ANY).array()]),
    // OffsetDelete
    shape(80, &[text(0, ANY), sub(93, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(94, 0, ANY).array()]),
    shape(32, &[fixed(4, 0, ANY)]),
    // DescribeClientQuotas
    shape(56, &[sub(96, 0, ANY).array(), fixed(1, 0, ANY)]),
    shape(96, &[text(0, ANY), fixed(1, 0, ANY), text(0, ANY).null(0, 1)]),
    // AlterClientQuotas
    shape(56, &[sub(98, 0, ANY).array(), fixed(1, 0, ANY)]),
    shape(72, &[sub(99, 0, ANY).array(), sub(100, 0, ANY).array()]),
    shape(88, &[text(0, ANY), text(0, ANY).null(0, 1)]),
    shape(72, &[text(0, ANY), fixed(9, 0, ANY)]),
    // DescribeUserScramCredentials
    shape(48, &[sub(102, 0, ANY).array().null(0, 0)]),
    shape(56, &[text(0, ANY)]),
    // AlterUserScramCredentials
    shape(72, &[sub(104, 0, ANY).array(), sub(105, 0, ANY).array()]),
    shape(64, &[text(0, ANY), fixed(1, 0, ANY)]),
    shape(128, &[text(0, ANY), fixed(5, 0, ANY), blob(0, ANY), blob(0, ANY)]),
    // Vote
    shape(88, &[text(0, ANY).null(0, 2), fixed(4, 1, ANY), sub(107, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(108, 0, ANY).array()]),
    shape(88, &[fixed(12, 0, ANY), fixed(32, 1, ANY), fixed(12, 0, ANY), fixed(1, 2, ANY)]),
    // BeginQuorumEpoch
    shape(112, &[text(0, ANY).null(0, 1), fixed(4, 1, ANY), sub(110, 0, ANY).array(), sub(112, 1, ANY).array()]),
    shape(80, &[text(0, ANY), sub(111, 0, ANY).array()]),
    shape(56, &[fixed(4, 0, ANY), fixed(16, 1, ANY), fixed(8, 0, ANY)]),
    shape(96, &[text(1, ANY), text(1, ANY), fixed(2, 1, ANY)]),
    // EndQuorumEpoch
    shape(104, &[text(0, ANY).null(0, 1), sub(114, 0, ANY).array(), sub(117, 1, ANY).array()]),
    shape(80, &[text(0, ANY), sub(115, 0, ANY).array()]),
    shape(88, &[fixed(12, 0, ANY), fixed(4, 0, 0).array(), sub(116, 1, ANY).array()]),
    shape(48, &[fixed(20, 1, ANY)]),
    shape(96, &[text(1, ANY), text(1, ANY), fixed(2, 1, ANY)]),
    // DescribeQuorum
    shape(48, &[sub(119, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(120, 0, ANY).array()]),
    shape(32, &[fixed(4, 0, ANY)]),
    // AlterPartition
    shape(64, &[fixed(12, 2, ANY), sub(122, 2, ANY).array()]),
    shape(64, &[fixed(16, 2, ANY), sub(123, 2, ANY).array()]),
    shape(88, &[fixed(8, 2, ANY), fixed(4, 2, 2).array(), sub(124, 3, ANY).array(), fixed(5, 2, ANY)]),
    shape(40, &[fixed(12, 3, ANY)]),
    // UpdateFeatures
    shape(56, &[fixed(4, 0, ANY), sub(126, 0, ANY).array(), fixed(1, 1, ANY)]),
    shape(64, &[text(0, ANY), fixed(2, 0, ANY), fixed(1, 0, 0), fixed(1, 1, ANY)]),
    // Envelope
    shape(120, &[blob(0, ANY), blob(0, ANY).null(0, 0), blob(0, ANY)]),
    // FetchSnapshot
    shape(88, &[text(0, ANY).null(0, 1).tag(0), fixed(8, 0, ANY), sub(129, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(130, 0, ANY).array()]),
    shape(96, &[fixed(8, 0, ANY), sub(131, 0, ANY), fixed(8, 0, ANY), fixed(16, 1, ANY).tag(0)]),
    shape(40, &[fixed(12, 0, ANY)]),
    // DescribeCluster
    shape(32, &[fixed(1, 0, ANY), fixed(1, 1, ANY), fixed(1, 2, ANY)]),
    // DescribeProducers
    shape(48, &[sub(134, 0, ANY).array()]),
    shape(80, &[text(0, ANY), fixed(4, 0, ANY).array()]),
    // BrokerRegistration
    shape(192, &[fixed(4, 0, ANY), text(0, ANY), fixed(16, 0, ANY), sub(136, 0, ANY).array(), sub(137, 0, ANY).array(), text(0, ANY).null(0, 4), fixed(1, 1, ANY), fixed(16, 2, ANY).array(), fixed(8, 3, ANY)]),
    shape(96, &[text(0, ANY), text(0, ANY), fixed(4, 0, ANY)]),
    shape(64, &[text(0, ANY), fixed(4, 0, ANY)]),
    // BrokerHeartbeat
    shape(96, &[fixed(22, 0, ANY), fixed(16, 1, ANY).array().tag(0), fixed(16, 2, ANY).array().null(2, 2).tag(1)]),
    // UnregisterBroker
    shape(32, &[fixed(4, 0, ANY)]),
    // DescribeTransactions
    shape(48, &[text(0, ANY).array()]),
    // ListTransactions
    shape(112, &[text(0, ANY).array(), fixed(8, 0, ANY).array(), fixed(8, 1, ANY), text(2, ANY).null(2, 2)]),
    // AllocateProducerIds
    shape(40, &[fixed(12, 0, ANY)]),
    // ConsumerGroupHeartbeat
    shape(272, &[text(0, ANY), text(0, ANY), fixed(4, 0, ANY), text(0, ANY).null(0, 1), text(0, ANY).null(0, 1), fixed(4, 0, ANY), text(0, ANY).array().null(0, 1), text(1, ANY).null(1, 1), text(0, ANY).null(0, 1), sub(144, 0, ANY).array().null(0, 1)]),
    shape(64, &[fixed(16, 0, ANY), fixed(4, 0, ANY).array()]),
    // ConsumerGroupDescribe
    shape(56, &[text(0, ANY).array(), fixed(1, 0, ANY)]),
    // ControllerRegistration
    shape(96, &[fixed(21, 0, ANY), sub(147, 0, ANY).array(), sub(148, 0, ANY).array()]),
    shape(96, &[text(0, ANY), text(0, ANY), fixed(4, 0, ANY)]),
    shape(64, &[text(0, ANY), fixed(4, 0, ANY)]),
    // GetTelemetrySubscriptions
    shape(40, &[fixed(16, 0, ANY)]),
    // PushTelemetry
    shape(80, &[fixed(22, 0, ANY), blob(0, ANY)]),
    // AssignReplicasToDirs
    shape(64, &[fixed(12, 0, ANY), sub(152, 0, ANY).array()]),
    shape(64, &[fixed(16, 0, ANY), sub(153, 0, ANY).array()]),
    shape(64, &[fixed(16, 0, ANY), sub(154, 0, ANY).array()]),
    shape(32, &[fixed(4, 0, ANY)]),
    // ListConfigResources
    shape(48, &[fixed(1, 1, ANY).array()]),
    // DescribeTopicPartitions
    shape(128, &[sub(157, 0, ANY).array(), fixed(4, 0, ANY), sub(158, 0, ANY).null(0, 0)]),
    shape(56, &[text(0, ANY)]),
    shape(64, &[text(0, ANY), fixed(4, 0, ANY)]),
    // ShareGroupHeartbeat
    shape(152, &[text(1, ANY), text(1, ANY), fixed(4, 1, ANY), text(1, ANY).null(1, 1), text(1, ANY).array().null(1, 1)]),
    // ShareGroupDescribe
    shape(56, &[text(1, ANY).array(), fixed(1, 1, ANY)]),
    // ShareFetch
    shape(168, &[text(1, ANY).null(1, 2), text(1, ANY).null(1, 2), fixed(24, 1, ANY), fixed(2, 2, ANY), sub(162, 1, ANY).array(), sub(165, 1, ANY).array()]),
    shape(64, &[fixed(16, 1, ANY), sub(163, 1, ANY).array()]),
    shape(56, &[fixed(4, 1, ANY), sub(164, 1, ANY).array()]),
    shape(64, &[fixed(16, 1, ANY), fixed(1, 1, ANY).array()]),
    shape(64, &[fixed(16, 1, ANY), fixed(4, 1, ANY).array()]),
    // ShareAcknowledge
    shape(120, &[text(1, ANY).null(1, 2), text(1, ANY).null(1, 2), fixed(4, 1, ANY), fixed(1, 2, ANY), sub(167, 1, ANY).array()]),
    shape(64, &[fixed(16, 1, ANY), sub(168, 1, ANY).array()]),
    shape(56, &[fixed(4, 1, ANY), sub(169, 1, ANY).array()]),
    shape(64, &[fixed(16, 1, ANY), fixed(1, 1, ANY).array()]),
    // AddRaftVoter
    shape(112, &[text(0, ANY).null(0, 1), fixed(24, 0, ANY), sub(171, 0, ANY).array(), fixed(1, 1, ANY)]),
    shape(96, &[text(0, ANY), text(0, ANY), fixed(2, 0, ANY)]),
    // RemoveRaftVoter
    shape(80, &[text(0, ANY).null(0, 0), fixed(20, 0, ANY)]),
    // UpdateRaftVoter
    shape(136, &[text(0, ANY).null(0, 0), fixed(24, 0, ANY), sub(174, 0, ANY).array(), sub(175, 0, ANY)]),
    shape(96, &[text(0, ANY), text(0, ANY), fixed(2, 0, ANY)]),
    shape(32, &[fixed(4, 0, ANY)]),
    // InitializeShareGroupState
    shape(80, &[text(0, ANY), sub(177, 0, ANY).array()]),
    shape(64, &[fixed(16, 0, ANY), sub(178, 0, ANY).array()]),
    shape(40, &[fixed(16, 0, ANY)]),
    // ReadShareGroupState
    shape(80, &[text(0, ANY), sub(180, 0, ANY).array()]),
    shape(64, &[fixed(16, 0, ANY), sub(181, 0, ANY).array()]),
    shape(32, &[fixed(8, 0, ANY)]),
    // WriteShareGroupState
    shape(80, &[text(0, ANY), sub(183, 0, ANY).array()]),
    shape(64, &[fixed(16, 0, ANY), sub(184, 0, ANY).array()]),
    shape(72, &[fixed(20, 0, ANY), fixed(4, 1, ANY), sub(185, 0, ANY).array()]),
    shape(48, &[fixed(19, 0, ANY)]),
    // DeleteShareGroupState
    shape(80, &[text(0, ANY), sub(187, 0, ANY).array()]),
    shape(64, &[fixed(16, 0, ANY), sub(188, 0, ANY).array()]),
    shape(32, &[fixed(4, 0, ANY)]),
    // ReadShareGroupStateSummary
    shape(80, &[text(0, ANY), sub(190, 0, ANY).array()]),
    shape(64, &[fixed(16, 0, ANY), sub(191, 0, ANY).array()]),
    shape(32, &[fixed(8, 0, ANY)]),
    // StreamsGroupHeartbeat
    shape(480, &[text(0, ANY), text(0, ANY), fixed(8, 0, ANY), text(0, ANY).null(0, 0), text(0, ANY).null(0, 0), fixed(4, 0, ANY), sub(193, 0, ANY).null(0, 0), sub(198, 0, ANY).array().null(0, 0), sub(198, 0, ANY).array().null(0, 0), sub(198, 0, ANY).array().null(0, 0), text(0, ANY).null(0, 0), sub(199, 0, ANY).null(0, 0), sub(196, 0, ANY).array().null(0, 0), sub(200, 0, ANY).array().null(0, 0), sub(200, 0, ANY).array().null(0, 0), fixed(1, 0, ANY)]),
    shape(56, &[fixed(4, 0, ANY), sub(194, 0, ANY).array()]),
    shape(200, &[text(0, ANY), text(0, ANY).array(), text(0, ANY).array(), sub(195, 0, ANY).array(), text(0, ANY).array(), sub(195, 0, ANY).array(), sub(197, 0, ANY).array()]),
    shape(88, &[text(0, ANY), fixed(6, 0, ANY), sub(196, 0, ANY).array()]),
    shape(88, &[text(0, ANY), text(0, ANY)]),
    shape(96, &[fixed(2, 0, ANY).array(), fixed(2, 0, ANY).array(), fixed(2, 0, ANY).array()]),
    shape(80, &[text(0, ANY), fixed(4, 0, ANY).array()]),
    shape(64, &[text(0, ANY), fixed(2, 0, ANY)]),
    shape(72, &[text(0, ANY), fixed(12, 0, ANY)]),
    // StreamsGroupDescribe
    shape(56, &[text(0, ANY).array(), fixed(1, 0, ANY)]),
    // DescribeShareGroupOffsets
    shape(48, &[sub(203, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(204, 0, ANY).array().null(0, 1)]),
    shape(80, &[text(0, ANY), fixed(4, 0, ANY).array()]),
    // AlterShareGroupOffsets
    shape(80, &[text(0, ANY), sub(206, 0, ANY).array()]),
    shape(80, &[text(0, ANY), sub(207, 0, ANY).array()]),
    shape(40, &[fixed(12, 0, ANY)]),
    // DeleteShareGroupOffsets
    shape(80, &[text(0, ANY), sub(209, 0, ANY).array()]),
    shape(56, &[text(0, ANY)]),
];
