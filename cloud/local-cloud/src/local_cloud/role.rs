//! The roles of functions.

use cloud_cloudformation::{Function, Role, StackLocation};
use cloud_iam::{Caller, Iam, LAMBDA, Permission, Request};

use super::error::StartError;

/// Returns the caller for a function's role. Returns `None` for a function without a role, which may do
/// everything.
pub(super) fn assume_role(function: &Function, roles: &[Role]) -> Result<Option<Caller>, StartError> {
    let Some(arn) = &function.role_arn else {
        return Ok(None);
    };
    let role = roles.iter().find(|role| role.arn == *arn);
    let role = role.ok_or_else(|| StartError::NoSuchRole {
        function: function.name.clone(),
        role: arn.clone(),
    })?;
    let lambda = Caller::Service {
        name: LAMBDA,
        source_arn: function.arn.clone(),
    };
    let request = Request {
        caller: &lambda,
        permission: &Permission::new("sts:AssumeRole", arn),
    };
    let trust = &role.assume_role_policy;
    if trust.denies(&request) || !trust.allows(&request) {
        return Err(StartError::RoleCannotBeAssumed {
            function: function.name.clone(),
            role: role.name.clone(),
        });
    }
    Ok(Some(Caller::Role {
        role: role.name.clone(),
        session: function.name.clone(),
    }))
}

/// Returns true if a function's output may be stored. On AWS, Lambda needs these two actions to write it to a
/// log stream.
///
/// Source: Lambda Developer Guide, "Sending Lambda function logs to `CloudWatch` Logs".
pub(super) fn may_log(iam: &Iam, caller: &Caller, function: &Function, location: &StackLocation) -> bool {
    let stream = location.arn(
        "logs",
        &format!("log-group:{}:log-stream:local", function.log_group),
    );
    let may = |action| iam.authorize(caller, &Permission::new(action, &stream)).is_ok();
    may("logs:CreateLogStream") && may("logs:PutLogEvents")
}
