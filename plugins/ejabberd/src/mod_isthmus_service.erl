%%% What a worker may ask a served domain: is this account local, this is my name, no new stanzas for this connection, this is handled, let
%%% this contact see that user. Runs in the process of the connection that asks.
%%% SPDX-License-Identifier: Apache-2.0
-module(mod_isthmus_service).

-export([serve/2]).

-include("mod_isthmus.hrl").

-define(WORKER_NAME_BYTES, 64).

-type outcome() :: served | {reply, stanza()} | not_for_us.

%% What is no request of the protocol takes its usual way; the server answers `service-unavailable` to a request it does not know.
-spec serve(stanza(), mod_isthmus_config:hub()) -> outcome().
serve(#iq{from = #jid{lserver = Component}, to = #jid{luser = <<>>, lserver = Domain}} = Iq, #{component := Component} = Hub) ->
    case mod_isthmus_config:component_of(Domain) of
        Component -> serve_domain(Iq, Hub);
        _ -> not_for_us
    end;
serve(_, _Hub) ->
    not_for_us.

serve_domain(#iq{type = Type, id = <<"isthmus-", _/binary>> = Id}, Hub) when Type =:= result; Type =:= error ->
    mod_isthmus_hub:answered(Id, Hub),
    served;
serve_domain(#iq{type = Type, sub_els = [#xmlel{name = Name} = Request]} = Iq, Hub) when Type =:= get; Type =:= set ->
    case fxml:get_tag_attr_s(<<"xmlns">>, Request) of
        ?NS_PARTITION -> request({Type, Name}, Request, Iq, Hub);
        _ -> not_for_us
    end;
serve_domain(_, _Hub) ->
    not_for_us.

request({get, <<"account">>}, Request, Iq, #{component := Component}) ->
    account(parse_user(attribute(<<"jid">>, Request)), Iq, Component);
request({set, <<"worker">>}, Request, Iq, Hub) ->
    worker(attribute(<<"name">>, Request), Request, Iq, Hub);
request({set, <<"drain">>}, _Request, Iq, Hub) ->
    mod_isthmus_hub:drain(Iq, Hub),
    served;
request({set, <<"handled">>}, Request, Iq, Hub) ->
    handled(string:to_integer(attribute(<<"upto">>, Request)), Iq, Hub);
request({set, <<"approve">>}, Request, Iq, #{component := Component}) ->
    approve(parse_user(attribute(<<"user">>, Request)), parse_user(attribute(<<"contact">>, Request)), Iq, Component);
request(_, _Request, _Iq, _Hub) ->
    not_for_us.

account(malformed, Iq, _Component) ->
    refuse(Iq, modify, 'jid-malformed', <<"account needs a jid with a local part">>);
account(#jid{luser = User, lserver = Server}, Iq, Component) ->
    IsLocal = mod_isthmus_config:component_of(Server) =:= Component andalso mod_isthmus_accounts:exists(User, Server),
    IsOnline = IsLocal andalso mod_isthmus_accounts:is_online(User, Server),
    Attributes = [{<<"jid">>, jid:encode(jid:make(User, Server))}, {<<"local">>, atom_to_binary(IsLocal)}, {<<"online">>, atom_to_binary(IsOnline)}],
    {reply, xmpp:make_iq_result(Iq, #xmlel{name = <<"account">>, attrs = [{<<"xmlns">>, ?NS_PARTITION} | Attributes]})}.

%% Printable ASCII without the space: safe in a log, and the same bytes for every program that computes the hash.
worker(Name, Request, Iq, Hub) ->
    IsPlain = lists:all(fun(Byte) -> Byte >= $! andalso Byte =< $~ end, binary_to_list(Name)),
    case IsPlain andalso byte_size(Name) >= 1 andalso byte_size(Name) =< ?WORKER_NAME_BYTES of
        true ->
            mod_isthmus_hub:announce(Iq, #{name => Name, acknowledge => is_true(attribute(<<"acknowledge">>, Request)),
                                           ready => not is_false(attribute(<<"ready">>, Request))}, Hub),
            served;
        false ->
            refuse(Iq, modify, 'bad-request', <<"worker needs a name of 1 to 64 printable ASCII characters">>)
    end.

handled({Upto, <<>>}, Iq, Hub) when is_integer(Upto), Upto >= 0 ->
    mod_isthmus_hub:handled(Iq, Upto, Hub),
    served;
handled(_, Iq, _Hub) ->
    refuse(Iq, modify, 'bad-request', <<"handled needs a number">>).

approve(User, Contact, Iq, _Component) when User =:= malformed; Contact =:= malformed ->
    refuse(Iq, modify, 'jid-malformed', <<"approve needs a user and a contact with a local part">>);
approve(User, Contact, Iq, Component) ->
    case mod_isthmus_approve:approve(User, Contact, Component) of
        ok -> {reply, xmpp:make_iq_result(Iq)};
        {error, Type, Condition, Text} -> refuse(Iq, Type, Condition, Text)
    end.

%% Prepared and bare: a resource may be there, and is of no interest.
parse_user(Text) ->
    try jid:decode(Text) of
        #jid{luser = User, lserver = Server} when User =/= <<>> -> case binary:last(Text) of $/ -> malformed; _ -> jid:make(User, Server) end;
        _ -> malformed
    catch
        error:_ -> malformed
    end.

refuse(Iq, Type, Condition, Text) ->
    {reply, xmpp:make_error(Iq, #stanza_error{type = Type, reason = Condition, text = [#text{lang = <<"en">>, data = Text}]})}.

attribute(Name, Element) ->
    fxml:get_tag_attr_s(Name, Element).

is_true(Text) -> Text =:= <<"true">> orelse Text =:= <<"1">>.
is_false(Text) -> Text =:= <<"false">> orelse Text =:= <<"0">>.
