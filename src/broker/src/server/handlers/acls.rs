//! DescribeAcls (29), CreateAcls (30), DeleteAcls (31), versions 1–3.
//!
//! Behaviour
//! - Without an authorizer every request is answered SECURITY_DISABLED, as Kafka does: clients probe these.
//! Not done, and why
//! - No authorizer exists yet; when one does, each of these becomes a file of its own.

use super::text;
use crate::server::context::RequestContext;
use crate::server::registry::{Api, typed};
use kafka_protocol::messages::create_acls_response::AclCreationResult;
use kafka_protocol::messages::delete_acls_response::DeleteAclsFilterResult;
use kafka_protocol::messages::{
    CreateAclsRequest, CreateAclsResponse, DeleteAclsRequest, DeleteAclsResponse, DescribeAclsRequest,
    DescribeAclsResponse,
};
use ottla_core::errors::KafkaError;

/// Text of DescribeAcls.
const DESCRIBE_TEXT: &str = "No Authorizer is configured on the broker";
/// Text of the other two.
const NO_AUTHORIZER: &str = "No Authorizer is configured.";

/// Registry entry.
pub const DESCRIBE: Api = Api {
    key: 29,
    name: "DescribeAcls",
    min: 1,
    max: 3,
    advertised_min: 1,
    handle: |context, body| typed::<DescribeAclsRequest, _, _>(context, body, describe),
};

/// Registry entry.
pub const CREATE: Api = Api {
    key: 30,
    name: "CreateAcls",
    min: 1,
    max: 3,
    advertised_min: 1,
    handle: |context, body| typed::<CreateAclsRequest, _, _>(context, body, create),
};

/// Registry entry.
pub const DELETE: Api = Api {
    key: 31,
    name: "DeleteAcls",
    min: 1,
    max: 3,
    advertised_min: 1,
    handle: |context, body| typed::<DeleteAclsRequest, _, _>(context, body, delete),
};

async fn describe(_: RequestContext, _: DescribeAclsRequest) -> DescribeAclsResponse {
    let mut response = DescribeAclsResponse::default();
    response.error_code = KafkaError::SecurityDisabled.code();
    response.error_message = Some(text(DESCRIBE_TEXT));
    response
}

async fn create(_: RequestContext, request: CreateAclsRequest) -> CreateAclsResponse {
    let mut response = CreateAclsResponse::default();
    response.results = request
        .creations
        .iter()
        .map(|_| {
            let mut result = AclCreationResult::default();
            result.error_code = KafkaError::SecurityDisabled.code();
            result.error_message = Some(text(NO_AUTHORIZER));
            result
        })
        .collect();
    response
}

async fn delete(_: RequestContext, request: DeleteAclsRequest) -> DeleteAclsResponse {
    let mut response = DeleteAclsResponse::default();
    response.filter_results = request
        .filters
        .iter()
        .map(|_| {
            let mut result = DeleteAclsFilterResult::default();
            result.error_code = KafkaError::SecurityDisabled.code();
            result.error_message = Some(text(NO_AUTHORIZER));
            result
        })
        .collect();
    response
}
