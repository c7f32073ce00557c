//! A state and a light as they are told, on pages and in papers alike.

use crate::verdict::{judge::State, light::Light};

/// A state: with its light while it is open, marked where it was made good later.
pub fn state_word(state: State, light: Light, late: bool) -> &'static str {
    match (state, light) {
        (State::Pass, _) => "达标",
        (State::Fail, _) if late => "未达标（已补）",
        (State::Fail, _) => "未达标",
        (State::Open, Light::Red) => "进行中·红灯",
        (State::Open, Light::Yellow) => "进行中·黄灯",
        (State::Open, Light::Green) => "进行中·绿灯",
        (State::Open, Light::None) => "进行中·未到期",
        (State::Unknown, _) => "数据不足",
        (State::Na, _) => "不适用",
        (State::Figure, _) => "只列数字",
    }
}

/// A light in words.
pub fn light_word(light: Light) -> &'static str {
    match light {
        Light::Red => "红灯",
        Light::Yellow => "黄灯",
        Light::Green => "绿灯",
        Light::None => "未亮灯",
    }
}
