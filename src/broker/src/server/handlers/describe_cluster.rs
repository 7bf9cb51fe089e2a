//! DescribeCluster (key 60), versions 0–2.
//!
//! Behaviour
//! - On a broker listener only endpoint type 1 (brokers) can be asked for: type 2 is MISMATCHED_ENDPOINT_TYPE, anything
//!   else UNSUPPORTED_ENDPOINT_TYPE.
//! - The controller id is a broker that is alive (every broker forwards).
//! Versions
//! - 1: endpoint type. 2: fenced brokers on demand.

use super::{OPERATIONS_NOT_ASKED, operations, text, typed_api};
use crate::server::context::RequestContext;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{BrokerId, DescribeClusterRequest, DescribeClusterResponse};
use ottla_core::errors::KafkaError;

typed_api!("DescribeCluster", 60, 0..=2, DescribeClusterRequest, handle);

const BROKERS: i8 = 1;
const CONTROLLERS: i8 = 2;

async fn handle(context: RequestContext, request: DescribeClusterRequest) -> DescribeClusterResponse {
    let version = context.version();
    let mut response = DescribeClusterResponse::default();
    let endpoint_type = if version >= 1 { request.endpoint_type } else { BROKERS };
    response.endpoint_type = endpoint_type;
    response.controller_id = BrokerId(-1);
    response.cluster_authorized_operations = OPERATIONS_NOT_ASKED;
    match endpoint_type {
        BROKERS => {}
        CONTROLLERS => {
            response.error_code = KafkaError::MismatchedEndpointType.code();
            response.error_message = Some(text(
                "The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER",
            ));
            response.endpoint_type = BROKERS;
            return response;
        }
        other => {
            response.error_code = KafkaError::UnsupportedEndpointType.code();
            response.error_message = Some(text(format!("Unsupported endpoint type {other}")));
            response.endpoint_type = BROKERS;
            return response;
        }
    }
    let node = context.node();
    let image = node.metadata.image();
    let listener = &*context.connection.listener;
    response.cluster_id = text(node.cluster_id.clone());
    response.brokers = image
        .brokers()
        .filter(|b| !b.fenced || (version >= 2 && request.include_fenced_brokers))
        .filter_map(|b| {
            let endpoint = b.listeners.get(listener)?;
            let mut broker = DescribeClusterBroker::default();
            broker.broker_id = BrokerId(b.id);
            broker.host = text(endpoint.host.clone());
            broker.port = i32::from(endpoint.port);
            broker.rack = b.rack.clone().map(text);
            broker.is_fenced = version >= 2 && b.fenced;
            Some(broker)
        })
        .collect();
    if let Some(alive) = image.alive_brokers().next() {
        response.controller_id = BrokerId(alive.id);
    }
    if request.include_cluster_authorized_operations {
        response.cluster_authorized_operations = operations::CLUSTER;
    }
    response
}
