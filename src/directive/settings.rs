//! Settings against what the requirements need of them: a setting's type follows from where it is used.

use super::{
    literal,
    model::{Setting, Value},
    names::{Names, Want},
    read::Node,
    setting_uses::most,
    target,
};

/// The package's settings, each value as the type that its uses need; findings stand at the setting.
pub(super) fn all(names: &Names<'_>) -> Vec<(String, Option<Setting>)> {
    let known = &names.head.settings;
    let read = |(name, node): (&String, &Node<'_>)| {
        let value = names.head.directive.settings.get(name).cloned().flatten();
        (name.clone(), own(name, fit(value, node, &names.wants(name)), node))
    };
    known.iter().map(read).collect()
}

/// One of the program's own, which no requirement reads, within its bounds.
fn own(name: &str, setting: Option<Setting>, node: &Node<'_>) -> Option<Setting> {
    let most = most(name);
    let within = |v: &Value| matches!(v, Value::Number(n) if n.den() == 1 && (0..=most).contains(&n.num()));
    match setting {
        Some(s) if name == "resits" && !(s.values.len() == 1 && s.values.iter().all(within)) => {
            node.fail("补考次数不能是这个值", "写0（不补考）或1（补考一次）；补考只有一次")
        }
        setting => setting,
    }
}

/// The setting as its uses need it.
pub(super) fn fit(setting: Option<Setting>, node: &Node<'_>, wants: &[Want]) -> Option<Setting> {
    let mut setting = setting?;
    for want in wants {
        let single = !matches!(want, Want::Field(_));
        if single && setting.values.len() != 1 {
            return node.fail("这个设定只能是一个值", "只写一个值，不写列表");
        }
        for (value, node) in setting.values.iter_mut().zip(node.one_or_list()) {
            match fitted(value, node.str(), want) {
                Ok(fitted) => *value = fitted,
                Err(wanted) => return node.fail("设定的值与用它的地方不合", format!("应为{wanted}")),
            }
        }
    }
    Some(setting)
}

fn fitted(value: &Value, text: Option<&str>, want: &Want) -> Result<Value, String> {
    match want {
        Want::Field(ty) => literal::typed(value, text, ty),
        Want::Day => match value {
            Value::Day(_) => Ok(value.clone()),
            _ => Err("日期，例如 \"2025-12-31\"".into()),
        },
        Want::Target => target::amount(value).ok_or_else(|| "数，例如 2、\"80%\"、\"5000元\"".into()),
        Want::Days => match target::amount(value) {
            Some(Value::Number(n)) if n.den() == 1 && (0..=36_500).contains(&n.num()) => Ok(Value::Number(n)),
            _ => Err("日数，例如 15".into()),
        },
    }
}
