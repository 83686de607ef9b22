%%% Shows a user offline to contacts of the gateway whom the user blocks, and online again when the block ends (XEP-0191 section 3.3).
%%%
%%% ejabberd withholds what the user sends from then on, but does not take back what the contact has seen. It tells each session of the user
%%% of every change of the list; that is where this module learns of it.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_blocking).

-export([filter_packet/1]).

-include("mod_isthmus.hrl").

%% Every stanza of the server passes here, the ones to the user's own sessions too.
-spec filter_packet(stanza() | drop) -> stanza() | drop.
filter_packet(#iq{type = set, from = #jid{luser = LUser, lserver = LServer, lresource = <<>>}, to = #jid{luser = LUser, lserver = LServer} = Session,
                  sub_els = [Change]} = Packet) ->
    Component = mod_isthmus_config:component_of(LServer),
    Component =:= undefined orelse changed(Change, Session, Component),
    Packet;
filter_packet(Packet) ->
    Packet.

changed(#block{items = Items}, Session, Component) ->
    Hide = fun(Contact) -> ejabberd_router:route(#presence{type = unavailable, from = Session, to = Contact}) end,
    lists:foreach(Hide, watchers(Items, Session, Component));
changed(#unblock{items = Items}, Session, Component) ->
    Show = fun(Pid) -> fun(Contact) -> ejabberd_c2s:resend_presence(Pid, Contact) end end,
    case ejabberd_sm:get_session_pid(Session#jid.luser, Session#jid.lserver, Session#jid.lresource) of
        none -> ok;
        Pid -> lists:foreach(Show(Pid), watchers(Items, Session, Component))
    end;
changed(_, _Session, _Component) ->
    ok.

%% The contacts who see the user and of whom the list's change speaks; an end of the block without items speaks of all.
watchers(Items, #jid{luser = LUser, lserver = LServer}, Component) ->
    [Contact || #roster_item{jid = Contact} = Item <- mod_isthmus_roster:contacts(LUser, LServer, Component), mod_isthmus_roster:may_watch(Item),
                Items =:= [] orelse lists:any(fun(#block_item{jid = Blocked}) -> is_meant(Blocked, Contact) end, Items)].

is_meant(#jid{luser = <<>>, lserver = LServer}, #jid{lserver = LServer}) -> true;
is_meant(#jid{luser = LUser, lserver = LServer}, #jid{luser = LUser, lserver = LServer}) -> true;
is_meant(_, _) -> false.
