//! The frame and the units that all pages of the gallery share.

use dongliang::web::view::menu::{MenuLedger, menu};
use dongliang::web::view::page::{Page, Prefs, User};
use dongliang::web::view::url::Query;
use dongliang::web::view::words::Link;

/// Ledgers of the menu: group, title, name.
pub(crate) const LEDGERS: [(&str, &str, &str); 41] = [
    ("组织机构", "单位", "unit"),
    ("组织机构", "人员", "person"),
    ("组织机构", "任职", "post"),
    ("组织机构", "分管", "charge"),
    ("组织机构", "单位承继", "succession"),
    ("教育培训", "培训活动", "activity"),
    ("教育培训", "参训", "attendance"),
    ("教育培训", "授课", "lecture"),
    ("教育培训", "学习发布", "publication"),
    ("教育培训", "专家", "expert"),
    ("教育培训", "专家协议", "agreement"),
    ("实践锻炼", "重点项目", "project"),
    ("实践锻炼", "服务专班", "project_team"),
    ("实践锻炼", "审批事项", "approval"),
    ("实践锻炼", "企业评价", "firm_voice"),
    ("实践锻炼", "挂职选派", "posting"),
    ("实践锻炼", "能力测评", "rating"),
    ("实践锻炼", "导师帮带", "mentor_pair"),
    ("实践锻炼", "指导记录", "guidance"),
    ("监督保障", "廉政风险点", "risk_point"),
    ("监督保障", "风险评估", "risk_review"),
    ("监督保障", "集体决策", "decision"),
    ("监督保障", "谈心谈话", "talk"),
    ("监督保障", "任前任命", "appointment"),
    ("监督保障", "警示约谈", "interview"),
    ("组织领导", "会议", "meeting"),
    ("组织领导", "议定事项", "issue"),
    ("组织领导", "机构专班", "body"),
    ("组织领导", "机构成员", "body_member"),
    ("组织领导", "重点任务", "task"),
    ("组织领导", "公文", "document"),
    ("考核经费", "考核结果", "assessment"),
    ("考核经费", "连续靠后", "low_rank"),
    ("考核经费", "考核权重", "appraisal_weight"),
    ("考核经费", "指标数值", "indicator_value"),
    ("考核经费", "预算", "budget"),
    ("考核经费", "经费检查", "fund_check"),
    ("考核经费", "支出", "spending"),
    ("考核经费", "审计", "audit"),
    ("考核经费", "奖惩", "award"),
    ("考核经费", "预约", "booking"),
];

/// The twelve districts and nine offices, by name.
pub(crate) const UNITS: [&str; 21] = [
    "竹岭县发改局",
    "价格管理科",
    "柳溪县发改局",
    "青禾县发改局",
    "石桥县发改局",
    "城西区发改局",
    "枫林县发改局",
    "高新区发改局",
    "固定资产投资科",
    "南岭县发改局",
    "委办公室",
    "滨湖区发改局",
    "产业发展科",
    "城东区发改局",
    "梅岗县发改局",
    "南屏区发改局",
    "社会发展科",
    "行政审批科",
    "资源环境科",
    "综合规划科",
    "组织人事科",
];

/// The frame of a page at `path` whose menu entry is `here`.
pub(crate) fn page(path: &str, here: &str) -> Page {
    let ledgers: Vec<MenuLedger<'_>> =
        LEDGERS.iter().map(|&(group, title, name)| MenuLedger { group, title, name }).collect();
    Page {
        organisation: "云州市发展和改革委员会".into(),
        menu: menu(51, &ledgers, here, &|_| true, Some(7)),
        todo: Some(7),
        search: true,
        home: "/".into(),
        user: Some(User { name: "周敏".into(), roles: "领导小组办公室".into(), form: "0".repeat(128) }),
        prefs: Prefs::default(),
        url: Query::new(path),
        data_until: "2025年10月20日9时".into(),
        judged_until: "2025年10月20日".into(),
        demo_day: Some("2025年10月20日".into()),
        printed_at: "2025年10月20日 9:30".into(),
        print: false,
        notices: Vec::new(),
    }
}

/// A link.
pub(crate) fn link(text: &str, href: &str) -> Link {
    Link::new(text, href)
}

/// Texts of a row.
pub(crate) fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(String::from).into()
}
