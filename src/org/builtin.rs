//! The ledgers every installation has, whatever its directive: the organisation itself.

use crate::directive::model::{Field, FieldType, Ledger, LedgerKind};

/// The four duties from which talks follow (R-30…R-32).
pub const DUTIES: [&str; 4] = ["主要负责同志", "班子成员", "科室负责人", "普通干部"];
/// The levels of units.
pub const LEVELS: [&str; 3] = ["市", "区县", "科室"];

/// How many built-in ledgers there are.
pub const COUNT: usize = 8;

/// `unit`, `person`, `post`, `charge`, `succession`, and what an office sets itself: `setting`, `slot_member`, `workday`.
/// All are recorded, voided and replaced like any fact.
pub fn ledgers() -> Vec<Ledger> {
    vec![unit(), person(), post(), charge(), succession(), setting(), slot_member(), workday()]
}

/// Whether a ledger holds what the office sets itself.
pub fn is_setting(ledger: &str) -> bool {
    matches!(ledger, "setting" | "slot_member" | "workday")
}

fn unit() -> Ledger {
    Ledger {
        name: "unit".into(),
        title: "单位".into(),
        group: "组织机构".into(),
        note: "单位和科室，按起止日期；撤并、拆分后历史不变。".into(),
        kind: item("from", "to"),
        fields: vec![
            field("name", "名称", FieldType::Text).required().aliases(&["单位名称", "机构名称"]).list(),
            field("short", "简称", FieldType::Text),
            field("level", "层级", choice(&LEVELS)).required().list().facet(),
            field("parent", "上级单位", FieldType::Unit).aliases(&["所属单位", "上级"]).list(),
            field("from", "设立日期", FieldType::Date).required().aliases(&["起始日期"]).list(),
            field("to", "撤销日期", FieldType::Date).aliases(&["截止日期"]).list(),
        ],
        ..Ledger::default()
    }
}

fn person() -> Ledger {
    let text = |name: &str, title: &str| field(name, title, FieldType::Text);
    Ledger {
        name: "person".into(),
        title: "人员".into(),
        group: "组织机构".into(),
        note: "干部花名册。只登记判定和培养用得上的项目，不收家庭情况和简历。".into(),
        kind: LedgerKind::Register,
        fields: vec![
            text("name", "姓名").required().aliases(&["人员姓名", "干部姓名"]).list(),
            field("gender", "性别", choice(&["男", "女"])).facet(),
            text("ethnicity", "民族").group("政治面貌和学历"),
            text("native_place", "籍贯").group("政治面貌和学历"),
            field("born", "出生日期", FieldType::Date).aliases(&["出生年月", "出生时间"]).list(),
            text("id_number", "身份证号").aliases(&["身份证号码", "公民身份号码", "身份证号(脱敏存储)"]).sensitive(),
            text("politics", "政治面貌").group("政治面貌和学历"),
            field("party_since", "入党时间", FieldType::Date).group("政治面貌和学历"),
            field("works_since", "参加工作时间", FieldType::Date).group("工作经历和专长"),
            field("joined", "进入本单位时间", FieldType::Date).aliases(&["入职时间"]).group("工作经历和专长"),
            field("identity", "身份类别", choice(&["公务员", "参公", "事业"])).facet().group("工作经历和专长"),
            text("rank", "职级").group("工作经历和专长"),
            field("rank_since", "任现职级时间", FieldType::Date).group("工作经历和专长"),
            text("education", "全日制教育学历").aliases(&["学历"]).group("政治面貌和学历"),
            text("degree", "学位").group("政治面貌和学历"),
            text("school", "毕业院校系及专业").group("政治面貌和学历"),
            text("later_education", "在职教育学历").group("政治面貌和学历"),
            text("technical_title", "专业技术职务").group("工作经历和专长"),
            text("expertise", "熟悉专业有何专长").aliases(&["专长"]).group("工作经历和专长"),
            field("newcomer", "是否新入职", FieldType::Flag),
            field("backbone", "是否业务骨干", FieldType::Flag).facet().list(),
            text("grassroots", "基层工作经历").group("工作经历和专长"),
            text("phone", "联系电话").aliases(&["手机号", "手机号码"]).sensitive(),
            text("remark", "备注").group("工作经历和专长"),
        ],
        ..Ledger::default()
    }
}

fn post() -> Ledger {
    Ledger {
        name: "post".into(),
        title: "任职".into(),
        group: "组织机构".into(),
        note: "谁在何时于何单位任何职。可同时任数职；没有标主职的，以最早任的为准。".into(),
        kind: item("from", "to"),
        fields: vec![
            field("person", "人员", FieldType::Person).required().aliases(&["姓名"]).list(),
            field("duty", "任职类别", choice(&DUTIES)).required().list().facet(),
            field("title", "职务", FieldType::Text).aliases(&["职位", "岗位"]).list(),
            field("main", "是否主职", FieldType::Flag),
            field("from", "任职日期", FieldType::Date).required().aliases(&["任现职务时间", "起始日期"]).list(),
            field("to", "免职日期", FieldType::Date).aliases(&["截止日期"]).list(),
        ],
        ..Ledger::default()
    }
}

fn charge() -> Ledger {
    Ledger {
        name: "charge".into(),
        title: "分管".into(),
        group: "组织机构".into(),
        note: "班子成员分管哪个科室。分管领导与科室负责人的谈话由此推出。".into(),
        kind: item("from", "to"),
        fields: vec![
            field("person", "分管领导", FieldType::Person).required().list(),
            field("from", "起始日期", FieldType::Date).required().list(),
            field("to", "截止日期", FieldType::Date).list(),
        ],
        ..Ledger::default()
    }
}

fn succession() -> Ledger {
    Ledger {
        name: "succession".into(),
        title: "单位承继".into(),
        group: "组织机构".into(),
        note: "拆分、合并后由谁承继。原单位的历史留在原单位，承继单位可以查看。".into(),
        kind: LedgerKind::Event { day: "day".into() },
        fields: vec![
            field("successor", "承继单位", FieldType::Unit).required().list(),
            field("kind", "方式", choice(&["拆分", "合并"])).required().list(),
            field("day", "日期", FieldType::Date).required().list(),
        ],
        ..Ledger::default()
    }
}

fn setting() -> Ledger {
    Ledger {
        name: "setting".into(),
        title: "设定".into(),
        group: "设定".into(),
        note: "原文没有的数，由本单位设定。自起用之日起生效，以前的判定不变。".into(),
        kind: LedgerKind::Event { day: "from".into() },
        fields: vec![
            field("name", "设定项", FieldType::Text).required().list(),
            field("value", "取值", FieldType::Text).hint("多个值之间用“|”隔开；留空为不设。").list(),
            field("from", "起用日期", FieldType::Date).required().list(),
            field("basis", "依据", FieldType::Text),
        ],
        ..Ledger::default()
    }
}

fn slot_member() -> Ledger {
    Ledger {
        name: "slot_member".into(),
        title: "待定名目".into(),
        group: "设定".into(),
        note: "原文只给了个数、没有列全的名目，由本单位逐个定名。".into(),
        kind: LedgerKind::Event { day: "from".into() },
        fields: vec![
            field("slot", "名目", FieldType::Text).required().list(),
            field("name", "名称", FieldType::Text).required().list(),
            field("from", "起用日期", FieldType::Date).required().list(),
            field("basis", "依据", FieldType::Text),
        ],
        ..Ledger::default()
    }
}

fn workday() -> Ledger {
    Ledger {
        name: "workday".into(),
        title: "放假调休".into(),
        group: "设定".into(),
        note: "法定节假日和调休，按年录入；没有录入的按周一至周五。".into(),
        kind: LedgerKind::Event { day: "day".into() },
        fields: vec![
            field("day", "日期", FieldType::Date).required().list(),
            field("works", "是否上班", FieldType::Flag).required().list(),
        ],
        ..Ledger::default()
    }
}

fn item(opens: &str, closes: &str) -> LedgerKind {
    LedgerKind::Item { opens: opens.into(), closes: closes.into() }
}

fn choice(of: &[&str]) -> FieldType {
    FieldType::Choice(of.iter().map(|c| (*c).to_owned()).collect())
}

fn field(name: &str, title: &str, ty: FieldType) -> Field {
    Field { name: name.into(), title: title.into(), ty, ..Field::default() }
}

impl Field {
    fn required(self) -> Field {
        Field { required: true, ..self }
    }
    fn list(self) -> Field {
        Field { list: true, ..self }
    }
    fn facet(self) -> Field {
        Field { facet: true, ..self }
    }
    fn sensitive(self) -> Field {
        Field { sensitive: true, ..self }
    }
    fn group(self, title: &str) -> Field {
        Field { group: Some(title.into()), ..self }
    }
    fn hint(self, text: &str) -> Field {
        Field { hint: Some(text.into()), ..self }
    }
    fn aliases(self, of: &[&str]) -> Field {
        Field { aliases: of.iter().map(|a| (*a).to_owned()).collect(), ..self }
    }
}
