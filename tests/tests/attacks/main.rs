//! The engine under attack: what hostile requests, hosts, stores and schedules must not achieve. Tests are named by the ids of the
//! ledger where it has one.

mod authorize_interaction;
mod authorize_redirect;
mod authorize_request;
mod canary;
mod check;
mod client_assertion;
mod client_credentials;
mod device;
mod dpop_binding;
mod dpop_nonce;
mod dpop_proof;
mod dpop_resource;
mod exchange;
mod faults_shown;
mod flows;
mod fuzz;
mod introspection;
mod issuers;
mod keys;
mod metadata;
mod metadata_documents;
mod pushed;
mod races;
mod refresh;
mod registration;
mod remembered_consent;
mod resource_server;
mod revocation;
mod sessions;
mod storage;
mod storage_faults;
mod token_authentication;
mod token_request;
